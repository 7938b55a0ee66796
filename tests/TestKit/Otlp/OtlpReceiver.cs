using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrainVault.TestKit.Otlp;

/// <summary>A collector that takes spans by OTLP over HTTP and keeps them.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
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
        if (request.ContentType != "application/x-protobuf")
            return Results.BadRequest($"{request.ContentType} is no protobuf");
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        _bodies.Enqueue(body.ToArray());
        // ExportTraceServiceRequest.resource_spans (1); each has resource (1) and scope_spans (2), and those spans (2).
        foreach (var resource in new ProtobufFields(body.ToArray()).Messages(1))
        {
            var process = Attributes(resource.Messages(1).Single(), 1);
            foreach (var scope in resource.Messages(2))
            {
                var source = scope.Messages(1).Single().Text(1);
                foreach (var span in scope.Messages(2))
                    _spans.Enqueue(ReadSpan(process, source, span));
            }
        }

        return Results.Bytes([], "application/x-protobuf");
    }

    private static Span ReadSpan(IReadOnlyDictionary<string, string> process, string source, ProtobufFields span) => new(
        process["service.name"],
        process["service.instance.id"],
        source,
        Convert.ToHexStringLower(span.Bytes(1)),
        Convert.ToHexStringLower(span.Bytes(2)),
        Convert.ToHexStringLower(span.Bytes(4)),
        span.Text(5),
        (int)span.Number(6),
        Attributes(span, 9));

    private static Dictionary<string, string> Attributes(ProtobufFields message, int id) =>
        message.Messages(id).ToDictionary(attribute => attribute.Text(1), attribute => Value(attribute.Messages(2).Single()), StringComparer.Ordinal);

    private static string Value(ProtobufFields value) => value.Has(1) ? value.Text(1) : value.Number(3).ToString(CultureInfo.InvariantCulture);
}
