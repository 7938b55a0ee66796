namespace Orleans.Runtime;

/// <summary>A hash that is equal in every process and on every machine: FNV-1a with the finaliser of MurmurHash3.</summary>
internal static class StableHash
{
    private const uint OffsetBasis = 2166136261;
    private const uint Prime = 16777619;

    internal static uint Compute(ReadOnlySpan<byte> bytes)
    {
        var hash = OffsetBasis;
        foreach (var value in bytes)
            hash = (hash ^ value) * Prime;
        return Mix(hash);
    }

    internal static uint Combine(uint first, uint second) => Mix((first * 31) ^ second);

    private static uint Mix(uint hash)
    {
        hash ^= hash >> 16;
        hash *= 0x85ebca6b;
        hash ^= hash >> 13;
        hash *= 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }
}
