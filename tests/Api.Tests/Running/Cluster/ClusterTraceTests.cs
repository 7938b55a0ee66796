using System.Diagnostics;
using System.Net;
using GrainVault.Api.Tests.Watching;
using GrainVault.TestKit.Otlp;

namespace GrainVault.Api.Tests.Running.Cluster;

/// <summary>A request that several processes work on is one trace.</summary>
[Collection(RunningCluster.Name)]
public sealed class ClusterTraceTests(ClusterFixture fixture)
{
    private const string FrontEnd = "GrainVault.Api";
    private const string Silo = "GrainVault.Silo";

    [Fact]
    public async Task Upload_is_one_trace_from_the_front_end_s_process_to_grains_database_and_store_in_those_of_silos()
    {
        using var user = await fixture.SignUpAsync(frontEnd: 1);
        var (traceId, clientId) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/files?name=traced") { Content = new ByteArrayContent([1, 2, 3]) };
        request.Headers.Add("traceparent", $"00-{traceId}-{clientId}-01");
        using var response = await user.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);

        var trace = await SpanTree.CompleteAsync(fixture.Collector, traceId, clientId);

        Assert.Equal((FrontEnd, "Microsoft.AspNetCore", "POST /v1/files", Span.Server), (trace.Root.Service, trace.Root.Source, trace.Root.Name, trace.Root.Kind));
        var put = Assert.Single(trace.Spans, span => span.Source == "GrainVault.Storage");
        Assert.Equal((Silo, "put"), (put.Service, put.Name));
        Assert.Equal(
            [
                (Silo, "GrainVault.Grains", "file.write"),
                (Silo, SpanTree.Calls, "IPartWriterGrain/WriteFileAsync"),
                (FrontEnd, SpanTree.Calls, "IPartWriterGrain/WriteFileAsync"),
                (FrontEnd, "Microsoft.AspNetCore", "POST /v1/files"),
            ],
            trace.AncestorsOf(put).Select(span => (span.Service, span.Source, span.Name)));

        var commit = trace.Spans.Where(span => span.Source == "Npgsql" && trace.AncestorsOf(span).Any(parent => parent.Name == "IFileGrain/CommitVersionAsync")).ToList();
        Assert.NotEmpty(commit);
        Assert.All(commit, statement => Assert.Equal((Silo, "catalogue"), (statement.Service, statement.Attributes["db.npgsql.data_source"])));
        CheckProcesses(trace);
    }

    /// <summary>Only a call of a grain leads from one process to another: what serves it has for parent what made it.</summary>
    private static void CheckProcesses(SpanTree trace)
    {
        var crossings = 0;
        foreach (var span in trace.Spans.Where(span => span != trace.Root))
        {
            var parent = trace.ParentOf(span);
            if (span.Instance == parent.Instance)
                continue;
            crossings++;
            Assert.Equal((SpanTree.Calls, Span.Server), (span.Source, span.Kind));
            Assert.Equal((SpanTree.Calls, Span.Client, span.Name), (parent.Source, parent.Kind, parent.Name));
        }

        Assert.NotEqual(0, crossings);
    }
}
