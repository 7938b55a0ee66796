using System.Diagnostics;
using GrainVault.Silo.Telemetry;
using GrainVault.Silo.Telemetry.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace GrainVault.Silo.Tests.Telemetry;

public sealed class TracingTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("http://127.0.0.1:4318", true)]
    public void Nothing_that_traces_is_registered_without_a_collector(string? endpoint, bool isTraced)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("GrainVault:Telemetry:OtlpEndpoint", endpoint)]);

        builder.AddGrainVaultTelemetry();

        Assert.Equal(isTraced, builder.Services.Any(service => service.ImplementationType == typeof(TracingService)));
        Assert.Equal(isTraced, builder.Services.Any(service => service.ImplementationType == typeof(RequestSpans)));
    }

    [Theory]
    [InlineData(1, ActivityKind.Server, true)]
    [InlineData(0, ActivityKind.Server, false)]
    [InlineData(1, ActivityKind.Client, false)]
    [InlineData(1, ActivityKind.Internal, false)]
    public void Only_requests_begin_a_trace(double ratio, ActivityKind kind, bool isSampled)
    {
        var sampler = new ParentBasedSampler(new RequestSampler(ratio));

        var result = sampler.ShouldSample(new SamplingParameters(default, ActivityTraceId.CreateRandom(), "name", kind));

        Assert.Equal(isSampled ? SamplingDecision.RecordAndSample : SamplingDecision.Drop, result.Decision);
    }

    [Fact]
    public void Share_of_the_requests_that_is_traced_is_the_configured_one()
    {
        var sampler = new RequestSampler(0.25);

        var count = Enumerable.Range(0, 10_000).Count(_ =>
            sampler.ShouldSample(new SamplingParameters(default, ActivityTraceId.CreateRandom(), "name", ActivityKind.Server)).Decision == SamplingDecision.RecordAndSample);

        // Ten standard deviations around 2,500.
        Assert.InRange(count, 2_067, 2_933);
    }
}
