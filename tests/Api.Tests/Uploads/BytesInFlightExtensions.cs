using GrainVault.Api.Uploads;

namespace GrainVault.Api.Tests.Uploads;

internal static class BytesInFlightExtensions
{
    /// <summary>Bytes of one user, as most bodies are.</summary>
    public static ValueTask<BytesInFlight.Admission?> TakeAsync(this BytesInFlight inFlight, long bytes, string user, CancellationToken cancellationToken) =>
        inFlight.TakeAsync(bytes, [new BodyHolder(user, 1)], cancellationToken);
}
