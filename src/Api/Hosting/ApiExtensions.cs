using GrainVault.Api.Archives;
using GrainVault.Api.Auth;
using GrainVault.Api.Changes;
using GrainVault.Api.Cluster;
using GrainVault.Api.Diagnostics;
using GrainVault.Api.Files;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Ingest;
using GrainVault.Api.Links;
using GrainVault.Api.RateLimits;
using GrainVault.Api.Shedding;
using GrainVault.Api.Uploads;
using GrainVault.Options;
using GrainVault.Silo.Options;
using GrainVault.Storage.Buffers;
using Microsoft.AspNetCore.Connections;

namespace GrainVault.Api.Hosting;

/// <summary>The services and the pipeline of a front end.</summary>
internal static class ApiExtensions
{
    /// <summary>Adds what endpoints need.</summary>
    public static void AddFrontEnd(this WebApplicationBuilder builder)
    {
        var limits = builder.AddGrainVaultOptions<FrontEndLimits>(FrontEndLimits.Section);
        builder.AddGrainVaultOptions<LimitsOptions>(LimitsOptions.Section);
        builder.AddGrainVaultOptions<DirectOptions>(DirectOptions.Section);
        builder.AddGrainVaultOptions<ShareLinkOptions>(ShareLinkOptions.Section);
        builder.AddGrainVaultOptions<IngestOptions>(IngestOptions.Section, isWholeSection: false);
        builder.AddGrainVaultOptions<IngestSettings>(IngestSettings.Section);
        builder.AddGrainVaultOptions<ChangesOptions>(ChangesOptions.Section, isWholeSection: false);
        builder.AddGrainVaultOptions<ChangesSettings>(ChangesSettings.Section);
        builder.Services.AddPartBuffers(builder.Configuration);
        builder.KnownKeys().Add("Limits:PartBuffers", typeof(PartBufferOptions));
        builder.WebHost.UseFrontEndKestrel(limits);
        builder.Services.AddSingleton<ConnectionsPerAddress>();

        builder.AddGrainVaultOptions<HttpOptions>(HttpOptions.Section);
        builder.AddKnownProxies();
        builder.AddGatewayCors();

        var services = builder.Services;
        services.AddSingleton<IMemoryPoolFactory<byte>, TransportPoolFactory>();
        services.ConfigureHttpJsonOptions(json => ApiJson.ApplyTo(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddSingleton<GrainCalls>();
        services.AddSingleton<GatewayInstruments>();
        services.AddSingleton<RateLimitHealth>();
        services.AddSingleton<RateLimiter>();
        services.AddSingleton<Files.AddressGuesses>();
        services.AddSingleton(provider =>
            new BytesInFlight(
                limits.BytesInFlightMax, limits.AdmissionQueueMax, limits.AdmissionWait, limits.AdmissionSharePerUser, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ProcessPressure>();
        services.AddHostedService(provider => provider.GetRequiredService<ProcessPressure>());
        services.AddSingleton<RequestAdmission>();
        services.AddSingleton<ApiInstruments>();
        services.AddSingleton<BodyReceiver>();
        services.AddSingleton<PartWriters>();
        services.AddSingleton<Completion>();
        services.AddSingleton<SessionUpload>();
        services.AddSingleton<ContentReader>();
        services.AddSingleton<ContentRedirects>();
        services.AddSingleton<ZipPlaces>();
        services.AddSingleton<LinkVisits>();
        services.AddSingleton<FormUpload>();
        services.AddSingleton<FeedReader>();
        services.AddSingleton<EventStreams>();
        services.AddSingleton<IngestSecret>();
        services.AddSingleton<SnsSubscriptions>();
    }

    /// <summary>Adds the middleware in its order: what comes first sees everything that comes later.</summary>
    public static void UseFrontEnd(this WebApplication app)
    {
        app.UseKnownProxies();
        // Nobody asks for what observes.
        app.Services.GetRequiredService<ApiInstruments>();
        app.UseMiddleware<RequestIdMiddleware>();
        app.UseMiddleware<SecurityHeadersMiddleware>();
        app.UseMiddleware<AccessLogMiddleware>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<EscapesMiddleware>();
        app.UseGatewayCors();
        app.UseRouting();
        app.UseMiddleware<LoadSheddingMiddleware>();
        app.UseAuthentication();
        app.UseMiddleware<CallerMiddleware>();
        app.UseMiddleware<RateLimitMiddleware>();
        app.UseMiddleware<UserShareMiddleware>();
        app.UseMiddleware<AdministratorsMiddleware>();
        app.UseAuthorization();
    }
}
