# EDP's image: edp-runner and edp-operator, with the libraries they load and nothing else.
#   docker build -t edp .
# Behind a proxy with an authority of its own: --secret id=ca,src=FILE.pem (npm then trusts it during the build).
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY edp ./
COPY scripts/fetch-httplib.sh scripts/
RUN ./edp setup programs

COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY cmake cmake
COPY console console
COPY common common
COPY runner runner
COPY operator operator
COPY scripts/image-root.sh scripts/edp-validate.sh scripts/
RUN --mount=type=secret,id=ca --mount=type=cache,id=edp-ccache,target=/ccache \
    export CCACHE_DIR=/ccache && \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi && \
    cmake --preset release -DEDP_TESTS=OFF -DEDP_BENCH=OFF && \
    cmake --build --preset release --target edp-runner edp-operator && \
    scripts/image-root.sh /image build/release/bin

FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="edp" \
      org.opencontainers.image.description="Finds out why a service in a Kubernetes cluster is slow, and says so" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /image/ /
ENV PATH=/usr/local/bin:/usr/bin:/bin
USER 65532:65532
ENTRYPOINT ["/usr/bin/edp-runner"]
