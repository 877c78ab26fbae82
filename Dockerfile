# Gavel's API, worker and commands in one image: `docker build -t gavel .`, then `docker run gavel serve|worker|apply|keys|leads`.
# (`gavel stack` works only in a clone, because the image does not contain its servers.)
# Based on Debian, because Temporal's native core needs glibc, which Alpine does not have.
FROM node:22.23.2-bookworm-slim@sha256:d649c27dae7ba0137b3cef5dd75baa422c08dc3d9e3fc0c23dfb172dc3cc6436 AS base
WORKDIR /app

# Compiles the sources and bundles the workflows for the worker.
FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY tsconfig.json ./
COPY src src
COPY workflows workflows
COPY activities activities
COPY clients clients
COPY scripts scripts
RUN npm run build

# Production dependencies, without the native core's builds for other systems.
FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev \
  && rm -r node_modules/@temporalio/core-bridge/releases/*-apple-darwin \
    node_modules/@temporalio/core-bridge/releases/*-pc-windows-msvc

# The compose file's proxy. It runs as its own user, which owns the certificate folders, and without capabilities. The
# original binary has a file capability and can't run without it; `cp` drops it. In a container, ports 80 and 443 need
# no capability.
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

# In a container the API must listen on all addresses; published ports decide what is reachable from outside.
ENV NODE_ENV=production HOST=0.0.0.0

# package.json declares the compiled files as ES modules; the API shows docs/source.md at /docs.
COPY package.json ./
COPY docs/source.md docs/
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist

# A volume mounted here inherits this owner.
RUN install --directory --owner node --group node --mode 0700 /backups

USER node
EXPOSE 3000

# For the API. A worker serves no requests: run it with --no-healthcheck, or check its /metrics, and with a restart policy.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# Node handles SIGTERM itself; `docker run --init` (compose: `init: true`) adds a proper init process as PID 1.
# More room for new objects: many outlive a collection while a lead waits for its buyers (src/local/gavelParts.ts).
ENTRYPOINT ["node", "--enable-source-maps", "--max-semi-space-size=32", "dist/src/cli/gavel.js"]
CMD ["serve"]
