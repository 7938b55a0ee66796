using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

/// <summary>One run of one silo: its endpoint and a generation that grows with every start. Written "address:port@generation".</summary>
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>
{
    private static readonly DateTime GenerationEpoch = new(2022, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly string _text;

    private SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint;
        Generation = generation;
        _text = string.Create(CultureInfo.InvariantCulture, $"{endpoint}@{generation}");
    }

    /// <summary>Where other silos connect.</summary>
    public IPEndPoint Endpoint { get; }

    /// <summary>Seconds since 2022 at the start of the silo.</summary>
    public int Generation { get; }

    /// <summary>Makes an address.</summary>
    /// <param name="ep">The endpoint.</param>
    /// <param name="gen">The generation.</param>
    /// <returns>The address.</returns>
    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    /// <summary>Makes an address.</summary>
    /// <param name="address">The IP address.</param>
    /// <param name="port">The port.</param>
    /// <param name="generation">The generation.</param>
    /// <returns>The address.</returns>
    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);

    /// <summary>The generation of a silo that starts now.</summary>
    /// <returns>Seconds since 2022.</returns>
    public static int AllocateNewGeneration() => (int)((DateTime.UtcNow - GenerationEpoch).Ticks / TimeSpan.TicksPerSecond);

    /// <summary>Writes "address:port@generation".</summary>
    /// <returns>The text.</returns>
    public string ToParsableString() => _text;

    /// <summary>Reads "address:port@generation".</summary>
    /// <param name="addr">The text.</param>
    /// <returns>The address.</returns>
    /// <exception cref="FormatException">The text is not of this form.</exception>
    public static SiloAddress FromParsableString(string addr)
    {
        ArgumentNullException.ThrowIfNull(addr);
        var at = addr.LastIndexOf('@');
        if (at > 0
            && IPEndPoint.TryParse(addr.AsSpan(0, at), out var endpoint)
            && int.TryParse(addr.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var generation))
        {
            return new SiloAddress(endpoint, generation);
        }
        throw new FormatException($"\"{addr}\" is not a silo's address.");
    }

    /// <inheritdoc/>
    public bool Equals([NotNullWhen(true)] SiloAddress? other) =>
        other is not null && (ReferenceEquals(this, other) || (Generation == other.Generation && Endpoint.Equals(other.Endpoint)));

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as SiloAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Endpoint, Generation);

    /// <inheritdoc/>
    public int CompareTo(SiloAddress? other) => other is null ? 1 : string.CompareOrdinal(_text, other._text);

    /// <inheritdoc/>
    public override string ToString() => $"S{_text}";
}
