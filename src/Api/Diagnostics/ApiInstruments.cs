using System.Diagnostics.Metrics;
using GrainVault.Api.Uploads;

namespace GrainVault.Api.Diagnostics;

/// <summary>Instruments of a front end: what uploads occupy, who waits, who was sent away.</summary>
internal sealed class ApiInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "GrainVault.Api";

    /// <summary>Creates the instruments.</summary>
    public ApiInstruments(IMeterFactory meters, BytesInFlight bytes)
    {
        var meter = meters.Create(Name);
        meter.CreateObservableUpDownCounter("grainvault.admission.size", () => bytes.Taken, "By", "Body bytes that uploads occupy now");
        meter.CreateObservableUpDownCounter("grainvault.admission.limit", () => bytes.BytesMax, "By", "Body bytes that uploads may occupy at once");
        meter.CreateObservableUpDownCounter("grainvault.admission.waiting", () => bytes.Waiting, "{request}", "Uploads that wait for their turn");
        meter.CreateObservableCounter("grainvault.admission.refused", () => bytes.RefusedCount, "{request}", "Uploads that were sent away, since too much was under way");
    }
}
