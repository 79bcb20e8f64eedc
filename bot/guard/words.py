"""Words that are also user names: a name among them counts only where the text clearly names a user."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ORDINARY = _words(
    """
    a about account active admin after alert all am an and any api april are art as at august auth
    autumn backup be been before berkeley best bill bob bot but by can chance chart chase check
    class client cloud cluster code cole come config cookie core cpu crystal culler dask data
    database datahub dawn day db dean default demo deploy dev did disk do docker down drew drive
    east error eve event faith file fix for frank from gene get git go grace grader grant group
    guest guy had has have he help her him his home hope host hub hunter i iam if image in info
    ingress is issue it jack jan job john jovyan joy june jupyter jupyterhub just kernel kit lab
    last late lead learn line load local log login mac mail main manager mark max may me memory
    mercy miles mode monitor more my name network new nfs night nil nobody node none normal north
    not note notebook now null of off ok old on one oom open or our out own page pat patience
    patron pending penny pip pod pods port postgres power private process prod production profile
    prometheus proxy public python queue quota rate ray read ready red release report restart rich
    rob robin root rose route ruby run running safe same scale sean sebastian see server service
    session she shell singleuser sky so some south space staff staging start state status stop
    storage store student students sue summer support system task teacher team test tester testing
    that the their them then there they this time to token trace traefik type uc up update us use
    user users version very volume was we web west what when who why will winter with woods work
    worker write yes you young
    """
)

PACKAGES = _words(
    """
    ai announcement archive archives auth black book books bundle cache cadquery canvas chat
    client codeserver collaboration collaborative console contents contrib core dash dash-proxy
    datahub dev-proxy docker docprovider enterprise-gateway events extension fileserver fs-service
    gateway git health highlight hub idle-culler images js kernel kernel-client kernel-gateway
    kernels lab latex launcher leaflet lite lsp mode nbconvert nbextensions
    nbextensions-configurator nbformat nbgallery nbgrader notebook notebooks offlinenotebook
    packaging panel-proxy plotly proxy pyodide releaser remote-desktop-proxy repo2docker resource
    resource-usage rsession-proxy rstudio scheduler secrets server server-proxy servers
    shared-drive shiny-proxy singleuser spark sphinx stack stacks style syftbox sysml team
    telemetry tensorboard-proxy themes tree user users vscode-proxy widgets ydoc
    """
)
"""What follows ``jupyter-`` in names that are no pods of users: packages, repositories and services."""
