using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GrainVault.Api.Http;

/// <summary>
/// A rate per client address (a token bucket kept as one number, the time at which it is full again). IPv6 clients are counted
/// by their /64, which is what one customer has. Memory is bounded: when the table is full, addresses not in it share one bucket.
/// </summary>
/// <param name="perMinute">Requests per minute, also the burst.</param>
/// <param name="addressesMax">Most addresses in the table.</param>
/// <param name="time">Clock.</param>
internal sealed class AddressRate(int perMinute, int addressesMax, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _cost = Window / perMinute;
    private readonly ConcurrentDictionary<IPAddress, Bucket> _buckets = new();
    private readonly Bucket _shared = new();
    private long _sweptAt;

    /// <summary>Addresses in the table.</summary>
    public int Count => _buckets.Count;

    /// <summary>Counts one request.</summary>
    /// <returns>Zero when it is within the rate, otherwise when to come back.</returns>
    public TimeSpan Take(IPAddress? address)
    {
        var now = time.GetElapsedTime(0);
        var key = KeyOf(address ?? IPAddress.None);
        if (!_buckets.TryGetValue(key, out var bucket))
        {
            if (_buckets.Count >= addressesMax)
                Sweep(now);
            bucket = _buckets.Count >= addressesMax ? _shared : _buckets.GetOrAdd(key, static _ => new Bucket());
        }

        lock (bucket)
        {
            var full = bucket.FullAt > now ? bucket.FullAt : now;
            if (full + _cost - now > Window)
                return full + _cost - now - Window;
            bucket.FullAt = full + _cost;
            return TimeSpan.Zero;
        }
    }

    // Once a second at most, so that a flood of addresses does not pay for a sweep each.
    private void Sweep(TimeSpan now)
    {
        var swept = Volatile.Read(ref _sweptAt);
        if (now.Ticks - swept < TimeSpan.TicksPerSecond || Interlocked.CompareExchange(ref _sweptAt, now.Ticks, swept) != swept)
            return;
        foreach (var (address, bucket) in _buckets)
        {
            if (bucket.FullAt <= now)
                _buckets.TryRemove(address, out _);
        }
    }

    private static IPAddress KeyOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private sealed class Bucket
    {
        public TimeSpan FullAt { get; set; }
    }
}
