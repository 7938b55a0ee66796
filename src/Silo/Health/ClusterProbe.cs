using System.Globalization;
using GrainVault.Maintenance;
using Orleans;

namespace GrainVault.Silo.Health;

/// <summary>
/// Asks a few grains that live where the call arrives: in a silo that silo, in a front end without one its gateways. One
/// answer is enough, since calls go on over the gateways that are left.
/// </summary>
internal sealed class ClusterProbe(IGrainFactory grains) : IHealthProbe
{
    /// <summary>Keys that are asked, so that a front end asks several of its gateways.</summary>
    private const int KeyCount = 4;

    public string Name => "cluster";

    public async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        var pending = Enumerable.Range(0, KeyCount).Select(number => AskAsync(number, cancellationToken)).ToList();
        string? fault = null;
        while (pending.Count > 0)
        {
            var ended = await Task.WhenAny(pending);
            pending.Remove(ended);
            if ((fault = await ended) is null)
                return null;
        }

        return $"no gateway can be reached: {fault}";
    }

    private async Task<string?> AskAsync(int number, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IPingGrain>(string.Create(CultureInfo.InvariantCulture, $"p-{number}")).PingAsync(cancellationToken);
            return null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}";
        }
    }
}
