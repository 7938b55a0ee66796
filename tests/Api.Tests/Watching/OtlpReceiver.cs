using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrainVault.Api.Tests.Watching;

/// <summary>A span as it was exported.</summary>
internal sealed record Span(string Source, string TraceId, string Id, string ParentId, string Name, int Kind, IReadOnlyDictionary<string, string> Attributes)
{
    public const int Server = 2;
    public const int Client = 3;
}

/// <summary>A collector that takes spans by OTLP over HTTP and keeps them.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<byte[]> _bodies = new();
    private readonly ConcurrentQueue<Span> _spans = new();

    private OtlpReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/traces", ReceiveAsync);
    }

    public string Address => _app.Urls.First();

    public IReadOnlyList<Span> Spans => [.. _spans];

    /// <summary>Everything that came, as it came.</summary>
    public IReadOnlyList<byte[]> Bodies => [.. _bodies];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        Assert.Equal("application/x-protobuf", request.ContentType);
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        _bodies.Enqueue(body.ToArray());
        // ExportTraceServiceRequest.resource_spans (1) . scope_spans (2) . spans (2)
        foreach (var scope in new ProtobufFields(body.ToArray()).Messages(1).SelectMany(resource => resource.Messages(2)))
        {
            var source = scope.Messages(1).Single().Text(1);
            foreach (var span in scope.Messages(2))
                _spans.Enqueue(ReadSpan(source, span));
        }

        return Results.Bytes([], "application/x-protobuf");
    }

    private static Span ReadSpan(string source, ProtobufFields span) => new(
        source,
        Convert.ToHexStringLower(span.Bytes(1)),
        Convert.ToHexStringLower(span.Bytes(2)),
        Convert.ToHexStringLower(span.Bytes(4)),
        span.Text(5),
        (int)span.Number(6),
        span.Messages(9).ToDictionary(attribute => attribute.Text(1), attribute => Value(attribute.Messages(2).Single()), StringComparer.Ordinal));

    private static string Value(ProtobufFields value) => value.Has(1) ? value.Text(1) : value.Number(3).ToString(CultureInfo.InvariantCulture);
}
