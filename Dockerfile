# One image for every app; a Deployment names its command (concierge-chat, concierge-ai, …).
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv /uv && /uv/bin/pip install --no-cache-dir 'uv>=0.7'
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY operator operator
COPY apps apps
RUN /uv/bin/uv build --wheel --out-dir /dist \
 && python3 -m venv /opt/concierge \
 && /uv/bin/uv pip install --no-cache --python /opt/concierge/bin/python -c requirements.lock \
    "$(echo /dist/*.whl)[all]"

FROM ${BASE}
# Only the environment is copied: no source tree that could shadow anything.
COPY --from=build /opt/concierge /opt/concierge
ENV PATH=/opt/concierge/bin:$PATH PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
CMD ["concierge", "version"]
