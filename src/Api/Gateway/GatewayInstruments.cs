using System.Diagnostics.Metrics;
using GrainVault.Api.Diagnostics;

namespace GrainVault.Api.Gateway;

/// <summary>Instruments of what a front end refuses by itself.</summary>
internal sealed class GatewayInstruments
{
    private readonly Counter<long> _throttled;
    private readonly Counter<long> _leases;
    private readonly Counter<long> _shed;
    private readonly Counter<long> _connections;

    /// <summary>Creates the instruments.</summary>
    public GatewayInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(ApiInstruments.Name);
        _throttled = meter.CreateCounter<long>("grainvault.requests.throttled", "{request}", "Requests beyond a budget or a share, answered with 429, by which");
        _leases = meter.CreateCounter<long>("grainvault.ratelimit.leases", "{lease}", "Times that the owner of a budget was asked for tokens, by outcome");
        _shed = meter.CreateCounter<long>("grainvault.requests.shed", "{request}", "Requests that were sent away with 503 to keep cheaper ones alive, by weight and reason");
        _connections = meter.CreateCounter<long>(
            "grainvault.connections.refused", "{connection}", "Connections that were closed at once, since their address had its share");
        // A counter that is not there yet has no rate when it begins to count.
        foreach (var budget in (string[])["user", "address", "signup", "login", "link-password", "user-requests", "address-requests"])
            _throttled.Add(0, new KeyValuePair<string, object?>("budget", budget));
        foreach (var weight in (string[])["upload", "change", "read"])
            Shed(weight, "pressure", 0);
        foreach (var outcome in (string[])["ok", "failed"])
            _leases.Add(0, new KeyValuePair<string, object?>("outcome", outcome));
        _connections.Add(0);
    }

    /// <summary>A request was beyond its budget, or its share of the requests under way.</summary>
    /// <param name="budget"><c>user</c>, <c>address</c>, <c>signup</c>, <c>login</c>, <c>link-password</c>, <c>user-requests</c> or <c>address-requests</c>.</param>
    public void Throttled(string budget) => _throttled.Add(1, new KeyValuePair<string, object?>("budget", budget));

    /// <summary>The owner of a budget was asked.</summary>
    /// <param name="outcome"><c>ok</c> or <c>failed</c>.</param>
    public void Leased(string outcome) => _leases.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A request was sent away.</summary>
    /// <param name="weight"><c>upload</c>, <c>change</c> or <c>read</c>.</param>
    /// <param name="reason"><c>count</c> or <c>pressure</c>.</param>
    public void Shed(string weight, string reason) => Shed(weight, reason, 1);

    /// <summary>A connection was closed at once.</summary>
    public void ConnectionRefused() => _connections.Add(1);

    private void Shed(string weight, string reason, long count) =>
        _shed.Add(count, new KeyValuePair<string, object?>("weight", weight), new KeyValuePair<string, object?>("reason", reason));
}
