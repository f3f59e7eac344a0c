# healthz, for linux/amd64 and linux/arm64: the same file builds both, each on its own kind of machine or with
# `docker buildx build --platform linux/amd64,linux/arm64 .`
FROM swift:6.3.1-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcurl4-openssl-dev libyaml-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build -c release --static-swift-stdlib --product healthz \
    && strip -o /healthz "$(swift build -c release --static-swift-stdlib --product healthz --show-bin-path)/healthz"

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libcurl4 libstdc++6 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /healthz /usr/local/bin/healthz
LABEL org.opencontainers.image.title="healthz" \
      org.opencontainers.image.description="One health check over a node's Grafana, Loki and Tempo" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
# Nobody, as a number: platforms that refuse root need not look the name up.
USER 65532:65532
EXPOSE 8080
# Asks /livez at HEALTHZ_LISTEN: the sidecar's own life, not its upstreams', which would restart the wrong container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/local/bin/healthz", "probe"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/healthz"]
CMD ["serve"]
