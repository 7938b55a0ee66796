using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace GrainVault.Api.RateLimits;

/// <summary>
/// A client as its address tells it: an IPv4 address, or the /64 of an IPv6 address, which is what one customer has.
/// </summary>
/// <param name="High">The network half of an IPv6 address; 0 for IPv4.</param>
/// <param name="Low">The IPv4 address and a mark above it; 0 for IPv6.</param>
internal readonly record struct AddressKey(ulong High, ulong Low)
{
    private const ulong Version4 = 1UL << 32;
    private const int HashLengthBytes = 12;

    /// <summary>The key of an address; all connections without one (Unix sockets) have the same.</summary>
    public static AddressKey Of(IPAddress? address)
    {
        if (address is null)
            return default;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return new AddressKey(0, Version4 | BitConverter.ToUInt32(bytes));
        return address.IsIPv4MappedToIPv6
            ? new AddressKey(0, Version4 | BitConverter.ToUInt32(bytes[12..]))
            : new AddressKey(BitConverter.ToUInt64(bytes), 0);
    }

    /// <summary>A name for the key that is not the address itself: it stands in grain ids, and those stand in logs.</summary>
    public string Hash()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, High);
        BitConverter.TryWriteBytes(bytes[8..], Low);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Convert.ToHexStringLower(hash[..HashLengthBytes]);
    }
}
