using System.Globalization;
using GrainVault.Uploads;

namespace GrainVault.Api.Uploads;

/// <summary>Spreads writes over the keys of the part writers, so that calls of an external client take several gateways.</summary>
internal sealed class PartWriters(IGrainFactory grains)
{
    private static readonly string[] Keys =
        [.. Enumerable.Range(0, IPartWriterGrain.KeyCount).Select(number => string.Create(CultureInfo.InvariantCulture, $"w-{number}"))];

    private int _next;

    /// <summary>A part writer.</summary>
    public IPartWriterGrain Next() =>
        grains.GetGrain<IPartWriterGrain>(Keys[(uint)Interlocked.Increment(ref _next) % (uint)Keys.Length]);
}
