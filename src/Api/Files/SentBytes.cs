namespace GrainVault.Api.Files;

/// <summary>How much of a content a response has sent; of one that was cut, at least as much as the client has got.</summary>
internal sealed class SentBytes
{
    /// <summary>Bytes up to now.</summary>
    public long Count { get; private set; }

    /// <summary>Adds what is about to go out.</summary>
    public void Add(int count) => Count += count;
}
