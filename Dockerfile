# The image of a release, for every processor: hack/image/release.sh builds it. hack/image/build.sh makes the same without
# Docker, for the machine that it runs on; a test compares what both say of the environment.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS bundle
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN node hack/image/bundle.ts /bundle

FROM node:24-bookworm-slim AS node

# turnserver and its libraries, of the same Debian.
FROM node:24-bookworm-slim AS turnserver
RUN apt-get update && apt-get install -y --no-install-recommends coturn
COPY hack/image/coturn.sh /
RUN /coturn.sh /coturn

# The C and C++ libraries that Node needs, and the names of the user: no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot AS server
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=bundle /bundle/ /
ENV PATH=/usr/local/bin:/usr/bin:/bin
ENV NODE_ENV=production
ENV MALLOC_ARENA_MAX=1
USER 65532:65532
WORKDIR /
ENTRYPOINT ["chatmail"]

FROM server AS coturn
COPY --from=turnserver /coturn/ /

# What is built where no target is named.
FROM server
