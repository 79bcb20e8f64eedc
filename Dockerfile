# The bot for production: neither sandbox/ nor what its extra installs (JupyterHub, node).
FROM python:3.11-slim AS build
WORKDIR /src
COPY constraints.txt pyproject.toml README.md ./
COPY bot ./bot
COPY runbooks ./runbooks
COPY migrations ./migrations
RUN python -m venv /opt/mayday \
    && /opt/mayday/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint constraints.txt .

FROM python:3.11-slim
COPY --from=build /opt/mayday /opt/mayday
# A number, so that Kubernetes can check runAsNonRoot.
RUN useradd --uid 1000 --user-group --create-home mayday \
    && install --directory --owner=mayday --group=mayday /data
ENV PATH=/opt/mayday/bin:$PATH \
    MAYDAY_HTTP__HOST=0.0.0.0 \
    MAYDAY_HTTP__PORT=8080
USER 1000
# mayday.yaml is read here, and the SQLite database and the reports are kept here by default.
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['MAYDAY_HTTP__PORT'] + '/livez', timeout=5)"]
ENTRYPOINT ["mayday"]
CMD ["run"]
