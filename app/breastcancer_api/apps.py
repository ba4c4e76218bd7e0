from django.apps import AppConfig


class BreastcancerApiConfig(AppConfig):
    name = "breastcancer_api"
    verbose_name = "Breast cancer API"
