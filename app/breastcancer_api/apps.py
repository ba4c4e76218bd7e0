from django.apps import AppConfig

from breastcancer_api import checks  # noqa: F401 registers them


class BreastcancerApiConfig(AppConfig):
    name = "breastcancer_api"
    verbose_name = "Breast cancer API"
