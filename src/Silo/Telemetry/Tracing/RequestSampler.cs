using System.Diagnostics;
using OpenTelemetry.Trace;

namespace GrainVault.Silo.Telemetry.Tracing;

/// <summary>
/// Traces begin at requests. What processes do by themselves (polls each second, health checks of pools) would be most of what
/// is exported.
/// </summary>
/// <param name="ratio">Share of the requests, 0 to 1.</param>
internal sealed class RequestSampler(double ratio) : Sampler
{
    private readonly TraceIdRatioBasedSampler _requests = new(ratio);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        samplingParameters.Kind == ActivityKind.Server ? _requests.ShouldSample(samplingParameters) : new SamplingResult(SamplingDecision.Drop);
}
