using System.Security.Cryptography;

namespace GrainVault.Storage.Tests.Conformance;

/// <summary>Bytes that can't be confused with others: every seed gives different ones.</summary>
public static class Content
{
    public static byte[] Bytes(int sizeBytes, int seed = 1)
    {
        var bytes = new byte[sizeBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static StoreContent Of(byte[] bytes) => new(bytes, SHA256.HashData(bytes));

    public static StoreContent Random(int sizeBytes, int seed = 1) => Of(Bytes(sizeBytes, seed));
}
