// What somebody can do about a problem, by its code (docs/api.md).

const AGAIN_ZIP = "Make the zip anew and send it again.";
const FOUR = "the series before contrast and three passes after it, each with the same slices";

const REMEDIES = {
  not_a_zip: "Send a zip file, or the folder of the exam: it is zipped here.",
  no_archive: "Choose one zip file or one folder.",
  damaged_archive: `The file was damaged on its way or when it was made. Export the exam again. ${AGAIN_ZIP}`,
  incomplete_body: "The line broke. Send it again.",
  unsafe_member: `Leave out links, encrypted files and names that point elsewhere. ${AGAIN_ZIP}`,
  duplicate_member: `Leave out the second copy of the file. ${AGAIN_ZIP}`,
  unknown_compression: "Zip it with the usual compression (Deflate), or send the folder.",
  nested_archive: "Unpack the inner archive first, then send the folder.",
  compression_bomb: `It unpacks to far more than an exam does. Leave out what is no exam. ${AGAIN_ZIP}`,
  empty_archive: "Choose the folder that holds the DICOM files.",
  limit_exceeded: "Send the four series of one exam alone. Your administrator can raise the limit.",
  missing_folder: `Send ${FOUR}, or the whole study as it was exported.`,
  missing_passes: `Export the dynamic series whole: ${FOUR}.`,
  unequal_counts: "Export the shorter series again: some of its files are missing, or another has too many.",
  names_differ: "Export all series again with positions in their headers, or name the files of a slice alike.",
  ambiguous_member: "Keep the four series in four folders side by side, or send the study as it was exported.",
  ambiguous_passes: "Name the four series when you send it: choose which is before contrast, 1st, 2nd and 3rd pass.",
  passes_out_of_order: "Check which series is which: the one before contrast comes first, then by time.",
  not_a_dicom_image: "Leave it out if it is no slice; otherwise export it again as an MR image in grey scale.",
  no_signal: "Export the exam again: pictures without content are of no use.",
  duplicate_slice: "Leave out the second copy of the slice.",
  sizes_differ: "Send slices of one matrix: all four series of the same acquisition.",
  too_few_pixels: "Send the original series: these are thumbnails, or no exam.",
  positions_differ: "Send four series of one acquisition, with nothing moved, turned or cut between them.",
  mixed_exams: "Send the files of one patient and one study.",
  no_contrast_uptake: "Check that contrast was given, and that the first series is the one before it.",
  not_a_pass: "Send the original series: no subtractions, projections or maps.",
  not_a_breast: "Send a breast exam. If it is one, BodyPartExamined in its headers is wrong.",
  unreadable_exam: "Export the exam again from the archive and send it anew.",
  client_gone: "The line broke before the exam was read. Send it again.",
  interrupted: "Nothing is wrong with the exam. Send it again.",
  worker_lost: "Reading it ended twice without an answer. Tell your administrator the id below.",
  archive_lost: "What was sent is not there any more. Send it again.",
  time_up: "It took longer than the server allows. Send it again when there is less to do, or ask your administrator.",
  internal_error: "Nothing is known to be wrong with the exam. Tell your administrator the id below.",
  not_kept: "The numbers stay. Send the exam again to see its pictures.",
  no_positive_slice: "There is nothing to point at: use the report or the table instead.",
  no_geometry: "The headers do not say where the slices lie: use the overlays or the report instead.",
  no_instance_uids: "The headers lack what a DICOM object must refer to: use the report or the table instead.",
  networks_changed: "Send the exam again: it is then read by the networks that are in use.",
  busy: "Try again in a moment.",
  unavailable: "Try again in a moment.",
  throttled: "Wait a minute, then try again.",
  timeout: "Try again in a moment.",
  offline: "Check the line. This page tries again by itself.",
  permission_denied: "Load the page again, or sign in with another name.",
};

const OTHER = "Send the exam again. If it happens twice, tell your administrator.";

/** A sentence or two, for every code. */
export const remedy = (code) => REMEDIES[code] ?? OTHER;

/** The id under which the server's log has more, null where the problem names none. */
export const incidentOf = ({ detail }) => detail?.match(/\b[0-9a-f]{32}\b/)?.[0] ?? null;
