# syntax=docker/dockerfile:1.7
# Images of GrainVault:
#   docker build --target api -t grainvault-api .       a front end, port 8080
#   docker build --target silo -t grainvault-silo .     a silo, ports 11111 (silos), 30000 (front ends), 8081 (health, metrics)
#   docker build --target cli -t grainvault-cli .       the operator's command, for example fsck
#   docker build --target smoke -t grainvault-smoke .   the smoke test
# Images run on the official Microsoft.Orleans and JwtBearer packages. Where the package feed does not carry them:
#   docker build --build-arg ORLEANS_RUNTIME=bundled --build-arg JWT_BEARER_PACKAGE=bundled ...
ARG DOTNET_SDK_TAG=10.0.401-noble
ARG DOTNET_RUNTIME_TAG=10.0.12-noble
ARG CURL_TAG=8.17.0

FROM mcr.microsoft.com/dotnet/sdk:${DOTNET_SDK_TAG} AS restore
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /source
# What decides which packages are needed, and nothing else: a change of sources leaves this layer as it is.
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props ./
COPY compat/JwtBearer/GrainVault.Compat.JwtBearer.csproj compat/JwtBearer/
COPY compat/Orleans/GrainVault.Compat.Orleans.csproj compat/Orleans/
COPY src/Api/GrainVault.Api.csproj src/Api/
COPY src/Cli/GrainVault.Cli.csproj src/Cli/
COPY src/Grains/GrainVault.Grains.csproj src/Grains/
COPY src/Grains.Abstractions/GrainVault.Grains.Abstractions.csproj src/Grains.Abstractions/
COPY src/Silo/GrainVault.Silo.csproj src/Silo/
COPY src/Storage/GrainVault.Storage.csproj src/Storage/
ARG ORLEANS_RUNTIME=nuget
ARG JWT_BEARER_PACKAGE=nuget
RUN for project in Api Silo Cli; do \
      dotnet restore "src/$project" "-p:OrleansRuntime=$ORLEANS_RUNTIME" "-p:JwtBearerPackage=$JWT_BEARER_PACKAGE" || exit 1; \
    done

FROM restore AS publish
COPY .editorconfig ./
COPY sql/ sql/
COPY compat/ compat/
COPY src/ src/
RUN for project in Api Silo Cli; do \
      dotnet publish "src/$project" -c Release --no-restore -o "/published/$project" \
        "-p:OrleansRuntime=$ORLEANS_RUNTIME" "-p:JwtBearerPackage=$JWT_BEARER_PACKAGE" || exit 1; \
    done

FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET_RUNTIME_TAG} AS runtime
# The base image has ICU, which names need: they are compared after NFC normalisation, and invariant mode skips that silently.
# The port that it chooses for every program would get in the way of the addresses below.
ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=false \
    ASPNETCORE_HTTP_PORTS="" \
    GrainVault__Data__Directory=/data
WORKDIR /app
COPY --chmod=755 deploy/healthcheck /usr/local/bin/healthcheck
# The user that the base image has for this, by number, so that Kubernetes can tell that it is not root.
RUN install -d -o 1654 -g 1654 -m 700 /data
USER 1654:1654
STOPSIGNAL SIGTERM

FROM runtime AS silo
# Ports of a silo are fixed, since others look for it where it was; it listens on the address that it advertises.
ENV GrainVault__Cluster__Mode=cohost \
    GrainVault__Cluster__SiloPort=11111 \
    GrainVault__Cluster__GatewayPort=30000 \
    GrainVault__Cluster__HealthUrl=http://0.0.0.0:8081
COPY --from=publish /published/Silo/ ./
EXPOSE 11111 30000 8081
HEALTHCHECK --interval=5s --timeout=6s --start-period=60s --start-interval=1s --retries=3 CMD ["healthcheck", "8081"]
ENTRYPOINT ["/app/GrainVault.Silo"]

FROM runtime AS cli
COPY --from=publish /published/Cli/ ./
ENTRYPOINT ["/app/grainvault"]
CMD ["--help"]

# Nothing but a shell, curl and a script: a client, as far from the product's own code as can be.
FROM curlimages/curl:${CURL_TAG} AS smoke
COPY --chmod=755 deploy/smoke.sh /usr/local/bin/smoke.sh
USER 100
STOPSIGNAL SIGTERM
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/smoke.sh"]

# Last, so that a build without --target makes a front end.
FROM runtime AS api
ENV ASPNETCORE_URLS=http://+:8080
COPY --from=publish /published/Api/ ./
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=6s --start-period=60s --start-interval=1s --retries=3 CMD ["healthcheck", "8080"]
ENTRYPOINT ["/app/GrainVault.Api"]
