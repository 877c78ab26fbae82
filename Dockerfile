# Gavel's API, worker and commands as one image: `docker build -t gavel .`, then `docker run gavel api|worker|apply|keys|leads`.
# (`gavel stack` is for a clone: it brings servers of its own, which the image does not have.)
# Debian, because Temporal's native core is built for glibc, which Alpine does not have.
FROM node:22.23.2-bookworm-slim@sha256:d649c27dae7ba0137b3cef5dd75baa422c08dc3d9e3fc0c23dfb172dc3cc6436 AS base
WORKDIR /app

# Compiles the sources, and bundles the workflows as a worker loads them.
FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY tsconfig.json ./
COPY src src
COPY workflows workflows
COPY activities activities
RUN npm run build

# What runs in production, without the native core's builds for other systems.
FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev \
  && rm -r node_modules/@temporalio/core-bridge/releases/*-apple-darwin \
    node_modules/@temporalio/core-bridge/releases/*-pc-windows-msvc

# The proxy of the compose file. It runs as a user of its own, who gets the folders of certificates, and without
# capabilities: a file that carries one, as the original does, can't be run without that capability. In a container,
# ports 80 and 443 need none.
FROM caddy:2.11.4@sha256:844f60b64e4724a5aa8245e019dace0d3f199f7433ce6c57676cb30a920dbad9 AS proxy
RUN cp /usr/bin/caddy /usr/local/bin/caddy && chown -R 1000:1000 /data /config
COPY deploy/caddy/Caddyfile /etc/caddy/
USER 1000:1000
ENTRYPOINT ["/usr/local/bin/caddy"]
CMD ["run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]

FROM base AS runtime
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Gavel" \
  org.opencontainers.image.description="A lead exchange you host yourself" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION" \
  org.opencontainers.image.base.name="docker.io/library/node:22.23.2-bookworm-slim"

# In a container the API must listen on all of its addresses; what is reachable from outside is up to the publishing of ports.
ENV NODE_ENV=production HOST=0.0.0.0

# package.json says that the compiled files are ES modules; the API's page at /docs shows docs/source.md.
COPY package.json ./
COPY docs/source.md docs/
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist

# A volume that is mounted there belongs to the user of the image.
RUN install --directory --owner node --group node --mode 0700 /backups

USER node
EXPOSE 3000

# Of the API. A worker takes no requests: run it with --no-healthcheck, or check its /metrics, and with a restart policy.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# Node handles SIGTERM itself; `docker run --init` (compose: `init: true`) adds what it does not: being a proper process 1.
ENTRYPOINT ["node", "--enable-source-maps", "dist/src/cli/gavel.js"]
CMD ["api"]
