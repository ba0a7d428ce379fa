# docker build -t hls .
# The image has the binary and the certificates of distroless static, no shell and no package manager. It runs as nobody
# of note (65532), needs no right and writes to /data alone; with PostgreSQL (HLS_DATABASE_URL) it writes nothing.
FROM docker.io/library/golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG COMMIT=container
RUN CGO_ENABLED=0 go build -trimpath -pgo=deploy/hls.pgo -ldflags "-s -w -X main.commit=${COMMIT}" -o /out/hls ./cmd/hls \
    && mkdir -p /out/data /out/etc/hls \
    && cp deploy/kubernetes/settings.yaml /out/etc/hls/settings.yaml

FROM gcr.io/distroless/static-debian12:nonroot
LABEL org.opencontainers.image.title="hls" \
      org.opencontainers.image.description="Webhooks of GitHub answered by Claude" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /out/hls /usr/bin/hls
COPY --from=build /out/etc/hls/settings.yaml /etc/hls/settings.yaml
COPY --from=build --chown=65532:65532 /out/data /data
WORKDIR /
USER 65532:65532
ENV HLS_CONFIG=/etc/hls/settings.yaml
EXPOSE 8000
VOLUME ["/data"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/hls"]
CMD ["serve"]
