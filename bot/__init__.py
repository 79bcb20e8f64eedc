"""mayday: the incident-response bot for people who run JupyterHubs on Kubernetes."""
