FROM golang:1.26-bookworm AS build
WORKDIR /src

# Modules change seldom, so that they are a layer of their own.
COPY go.mod go.sum ./
RUN go mod download

COPY main.go ./
COPY internal ./internal
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=${VERSION}" -o /out/berth .

# Whoever gets the program gets the licences of all that is compiled into it.
RUN CGO_ENABLED=0 go run -trimpath ./internal/licenses/gen /out/licenses
COPY LICENSE /out/licenses/LICENSE

# GitLab's runner puts a job's script through the image's shell; busybox is the
# smallest there is. GitHub's runner wants root and an absolute entry point.
FROM busybox:1.37
LABEL org.opencontainers.image.title="Berth" \
      org.opencontainers.image.description="One review app per branch, deployed with Helm and proven to be there" \
      org.opencontainers.image.source="https://github.com/berth-dev/berth" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/licenses /usr/share/licenses/berth
COPY --from=build /out/berth /usr/local/bin/berth
ENTRYPOINT ["/usr/local/bin/berth"]
