# Builds healthz for linux/amd64 and linux/arm64, natively or with
# `docker buildx build --platform linux/amd64,linux/arm64 .`
# `docker build .` makes an image based on debian-slim; `--target minimal` makes one without a distribution.
# For the labels: --build-arg REVISION=$(git rev-parse HEAD). For repeatable times: --build-arg SOURCE_DATE_EPOCH=… and
# --output type=image,rewrite-timestamp=true.

# There is no Swift image of Debian 13. A program that is built on Debian 12 runs on both.
FROM swift:6.3.1-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcurl4-openssl-dev libssl-dev libyaml-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
# The same flags as for `make release`. /archives has only libstdc++.a, so libstdc++ is linked statically.
ARG FLAGS="-c release --static-swift-stdlib --product healthz -Xlinker -L/archives -Xlinker --no-export-dynamic -Xlinker --build-id=none"
# hadolint ignore=SC2086
RUN mkdir /archives && ln -s "$(clang -print-file-name=libstdc++.a)" /archives/ \
    && swift build $FLAGS && strip -o /healthz "$(swift build $FLAGS --show-bin-path)/healthz" \
    && cat .build/checkouts/*/NOTICE.txt > /NOTICE
COPY deploy/start.c ./
RUN clang -O2 -s -o /start-healthz start.c

FROM debian:trixie-slim AS libraries
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN find /lib/ /lib64/ -name '*.so*' > /root/present
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libcurl4t64 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /healthz /start-healthz /usr/local/bin/
COPY --from=build /NOTICE /usr/local/share/doc/healthz/NOTICE
# Collects the linked libraries and the certificate authorities, and for scanners the status of their packages: in /root/all
# all of them, in /root/missing those that debian-slim does not have.
# hadolint ignore=SC2086
RUN libraries="$(ldd /usr/local/bin/healthz | grep -o '/[^ ]*')" \
    && mkdir -p /root/all/etc /root/all/var/lib/dpkg/status.d /root/missing/var/lib/dpkg/status.d \
    && own="/usr/local/bin/healthz /usr/local/bin/start-healthz /usr/local/share/doc/healthz/NOTICE /etc/ssl/certs/ca-certificates.crt" \
    && cp -L --parents -t /root/all $libraries $own \
    && grep -vxFf /root/present <<< "$libraries" | sed 's,^/lib/,/usr/lib/,' \
        | xargs cp -L --parents -t /root/missing $own \
    && echo 'healthz:x:65532:65532:healthz:/:/sbin/nologin' > /root/all/etc/passwd \
    && for tree in /root/all /root/missing; do \
        find "$tree" -name '*.so*' -printf '/%P\n' | xargs -n 1 readlink -f | xargs -n 1 basename \
            | xargs -I{} dpkg-query --search '*/{}' | grep -v '^diversion ' | cut -d: -f1 | sort -u > /root/packages; \
        echo ca-certificates >> /root/packages; \
        while read -r package; do \
            dpkg-query --status "$package" > "$tree/var/lib/dpkg/status.d/$package"; \
        done < /root/packages; \
    done

FROM scratch AS minimal
COPY --from=libraries /root/all /
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="healthz" \
      org.opencontainers.image.description="One health check over a node's Grafana, Loki and Tempo" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE"
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/local/bin/healthz", "probe"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/start-healthz"]
CMD ["serve"]

FROM debian:trixie-slim AS slim
COPY --from=libraries /root/missing /
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="healthz" \
      org.opencontainers.image.description="One health check over a node's Grafana, Loki and Tempo" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE"
# A numeric user: platforms that refuse root need not look up a name.
USER 65532:65532
EXPOSE 8080
# Probes /livez at HEALTHZ_LISTEN. A failed upstream must not restart this container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/local/bin/healthz", "probe"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/start-healthz"]
CMD ["serve"]
