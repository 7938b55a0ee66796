using GrainVault.Diagnostics;
using GrainVault.Storage.Instrumentation;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace GrainVault.Silo.Telemetry.Tracing;

/// <summary>Exports spans from its start to its end; there is none in a process that has no collector.</summary>
internal sealed class TracingService(TelemetryOptions options, IHostEnvironment environment) : IHostedService, IDisposable
{
    private const string TracesPath = "/v1/traces";

    /// <summary>Longest time of one export: a collector that hangs must hold up neither spans nor the end of the process.</summary>
    private static readonly TimeSpan ExportTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Who makes spans: requests, grain calls, statements, and the object store.</summary>
    private static readonly string[] Sources =
    [
        "Microsoft.AspNetCore",
        "Microsoft.Orleans.Application",
        "Microsoft.Orleans.Runtime",
        "Npgsql",
        GrainsMeter.Name,
        StorageInstruments.Name,
    ];

    private TracerProvider? _provider;

    /// <summary>True when spans have somewhere to go.</summary>
    public static bool IsWanted(TelemetryOptions options) =>
        !string.IsNullOrEmpty(options.OtlpEndpoint)
        || IsSet("OTEL_EXPORTER_OTLP_ENDPOINT")
        || IsSet("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var version = typeof(TracingService).Assembly.GetName().Version!.ToString(3);
        _provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(Sources)
            // The environment comes last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
            .SetResourceBuilder(ResourceBuilder.CreateEmpty()
                .AddService(environment.ApplicationName, serviceVersion: version)
                .AddTelemetrySdk()
                .AddEnvironmentVariableDetector())
            .SetSampler(new ParentBasedSampler(new RequestSampler(options.SamplingRatio)))
            .AddProcessor(new SpanScrubber())
            .AddOtlpExporter(Configure)
            .Build();
        return Task.CompletedTask;
    }

    /// <summary>Spans of the stop itself are exported too: this service was the first to start.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _provider?.Dispose();
        _provider = null;
    }

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));

    private void Configure(OtlpExporterOptions exporter)
    {
        exporter.TimeoutMilliseconds = (int)ExportTimeout.TotalMilliseconds;
        if (string.IsNullOrEmpty(options.OtlpEndpoint))
            return;
        var address = new UriBuilder(options.OtlpEndpoint);
        exporter.Protocol = options.OtlpProtocol == OtlpProtocol.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        if (options.OtlpProtocol == OtlpProtocol.Http && address.Path is "" or "/")
            address.Path = TracesPath;
        exporter.Endpoint = address.Uri;
    }
}
