using GrainVault.TestKit.Otlp;
using GrainVault.TestKit.Processes;

namespace GrainVault.Api.Tests.Watching;

/// <summary>The spans of one trace, all of them below the one of the request.</summary>
internal sealed class SpanTree
{
    /// <summary>Source of the spans of grain calls: one where a call is made, one where it is served.</summary>
    public const string Calls = "Microsoft.Orleans.Application";

    private static readonly TimeSpan ExportedWithin = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Span> _byId;

    private SpanTree(IReadOnlyList<Span> spans, Span root)
    {
        _byId = spans.ToDictionary(span => span.Id);
        (Spans, Root) = (spans, root);
    }

    public IReadOnlyList<Span> Spans { get; }

    /// <summary>The span of the request, whose parent is the client's.</summary>
    public Span Root { get; }

    /// <summary>
    /// Waits until every span that has come has its parent too, and every call what served it: each process exports its own, in
    /// its own time, and in the order of their ends.
    /// </summary>
    /// <param name="collector">Gets the spans.</param>
    /// <param name="traceId">The trace.</param>
    /// <param name="clientId">The client's span, which nobody exports.</param>
    public static async Task<SpanTree> CompleteAsync(OtlpReceiver collector, string traceId, string clientId)
    {
        List<Span> spans = [];
        await Eventually.TrueAsync(
            () =>
            {
                spans = [.. collector.Spans.Where(span => span.TraceId == traceId)];
                return Task.FromResult(spans.Exists(span => span.ParentId == clientId) && IsComplete(spans, clientId));
            },
            ExportedWithin,
            () => $"{spans.Count} spans: {string.Join(", ", spans.Select(span => $"{span.Service} {span.Name} {span.Id} below {span.ParentId}"))}");
        return new SpanTree(spans, Assert.Single(spans, span => span.ParentId == clientId));
    }

    public Span ParentOf(Span span) => _byId[span.ParentId];

    /// <summary>From the parent to the span of the request.</summary>
    public List<Span> AncestorsOf(Span span)
    {
        var path = new List<Span>();
        while (_byId.TryGetValue(span.ParentId, out var parent))
            path.Add(span = parent);
        return path;
    }

    private static bool IsComplete(List<Span> spans, string clientId)
    {
        var ids = spans.Select(span => span.Id).ToHashSet(StringComparer.Ordinal);
        var served = spans.Where(span => span is { Source: Calls, Kind: Span.Server }).Select(span => span.ParentId).ToHashSet(StringComparer.Ordinal);
        return spans.TrueForAll(span => (span.ParentId == clientId || ids.Contains(span.ParentId))
            && (span is not { Source: Calls, Kind: Span.Client } || served.Contains(span.Id)));
    }
}
