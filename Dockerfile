# An image of one program, for those who build with a container engine:
#
#   docker build --build-arg PROGRAM=webhook --build-arg TAG=v1.2.3 .
#
# The program is byte for byte the one of `make images` with the same source, tag
# and Go version; the image's digest is not, because the engine writes its own
# times. docs/images.md tells more.

# The newest release of go.mod's Go; give all three numbers to repeat a build.
ARG GO_VERSION=1.26
# webhook, resolver or controller.
ARG PROGRAM=webhook

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS build
WORKDIR /source
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG PROGRAM
ARG TAG=dev
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=linux GOARCH=$TARGETARCH GOAMD64=v1 GOARM64=v8.0 GOFLAGS=-mod=readonly GOWORK=off GOFIPS140=off GOEXPERIMENT= \
    go build -buildvcs=false -trimpath \
    -ldflags="-s -w -X github.com/registry-failover/registry-failover/internal/diagnostics.version=$TAG" \
    -o /built/ ./cmd/$PROGRAM

# An entrypoint knows no arguments, so each program has a stage for its own.
FROM scratch AS webhook
ENTRYPOINT ["/webhook"]

FROM scratch AS resolver
ENTRYPOINT ["/resolver"]

FROM scratch AS controller
ENTRYPOINT ["/controller"]

FROM ${PROGRAM}
ARG TAG=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.version=$TAG \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.source=https://github.com/registry-failover/registry-failover \
      org.opencontainers.image.licenses=Apache-2.0
COPY --from=build /built/ /
USER 65532:65532
WORKDIR /
