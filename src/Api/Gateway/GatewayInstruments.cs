using System.Diagnostics.Metrics;

namespace GrainVault.Api.Gateway;

/// <summary>Instruments of what a front end refuses by itself.</summary>
internal sealed class GatewayInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "GrainVault.Api";

    private readonly Counter<long> _throttled;
    private readonly Counter<long> _leases;

    /// <summary>Creates the instruments.</summary>
    public GatewayInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _throttled = meter.CreateCounter<long>("grainvault.requests.throttled", "{request}", "Requests beyond a budget, answered with 429, by kind of budget");
        _leases = meter.CreateCounter<long>("grainvault.ratelimit.leases", "{lease}", "Times that the owner of a budget was asked for tokens, by outcome");
        // A counter that is not there yet has no rate when it begins to count.
        foreach (var budget in (string[])["user", "address", "signup", "login"])
            _throttled.Add(0, new KeyValuePair<string, object?>("budget", budget));
        foreach (var outcome in (string[])["ok", "failed"])
            _leases.Add(0, new KeyValuePair<string, object?>("outcome", outcome));
    }

    /// <summary>A request was beyond its budget.</summary>
    /// <param name="budget"><c>user</c>, <c>address</c>, <c>signup</c> or <c>login</c>.</param>
    public void Throttled(string budget) => _throttled.Add(1, new KeyValuePair<string, object?>("budget", budget));

    /// <summary>The owner of a budget was asked.</summary>
    /// <param name="outcome"><c>ok</c> or <c>failed</c>.</param>
    public void Leased(string outcome) => _leases.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
