using System.Diagnostics;
using GrainVault.Silo.Telemetry.Metrics;
using OpenTelemetry;

namespace GrainVault.Silo.Telemetry.Tracing;

/// <summary>Takes from spans what must not leave the process.</summary>
internal sealed class SpanScrubber : BaseProcessor<Activity>
{
    private const string DataSource = "db.npgsql.data_source";

    public override void OnEnd(Activity data)
    {
        // A data source without a name is named by its connection string.
        if (data.GetTagItem(DataSource) is string name)
            data.SetTag(DataSource, LabelRules.OfPool(name));
    }
}
