# One image for every app; a Deployment names its command (concierge-chat, concierge-ai, …).
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
# A package index or certificates of one's own: `--build-arg PIP_INDEX_URL=… --build-arg UV_DEFAULT_INDEX=…`.
# This stage is thrown away, so they are not in the image.
ARG PIP_INDEX_URL PIP_CERT UV_DEFAULT_INDEX SSL_CERT_FILE
WORKDIR /src
COPY scripts/bootstrap scripts/bootstrap
COPY requirements.lock ./
RUN scripts/bootstrap /uv && python3 -m venv --without-pip /opt/concierge
# Bytecode is made here, since nobody may write at run time; by hash, so that it is the same in every build.
ENV UV_COMPILE_BYTECODE=1 PYC_INVALIDATION_MODE=UNCHECKED_HASH SOURCE_DATE_EPOCH=315532800
# The dependencies change seldom: a layer of their own. Every file is checked against its hash in the lock.
COPY pyproject.toml ./
RUN /uv/bin/uv pip install --no-cache --python /opt/concierge/bin/python -c requirements.lock --extra all \
    -r pyproject.toml
COPY README.md LICENSE ./
COPY operator operator
COPY apps apps
RUN /uv/bin/uv build --no-cache --quiet --wheel -b requirements.lock --out-dir /dist \
 && /uv/bin/uv pip install --no-cache --python /opt/concierge/bin/python --no-deps /dist/*.whl \
 && mkdir /data

FROM ${BASE}
ARG VERSION=dev REVISION=unknown
LABEL org.opencontainers.image.title="Concierge" \
      org.opencontainers.image.description="A hotel's concierge: chat, AI, voice and dashboard in one image" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Only the environment is copied: no source tree that could shadow anything, no installer, no cache.
COPY --from=build /opt/concierge /opt/concierge
# What must outlast the container goes here, `concierge up` and the apps alike: mount a volume.
COPY --from=build --chown=65532:65532 /data /var/lib/concierge
# The user has a number only; USER is for those who ask for a name, as Kopf does.
ENV PATH=/opt/concierge/bin:$PATH HOME=/tmp USER=concierge LANG=C.UTF-8 \
    PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /var/lib/concierge
EXPOSE 8080
CMD ["concierge", "--help"]
