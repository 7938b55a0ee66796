namespace GrainVault.Storage.Tests.Conformance;

/// <summary>One provider, as the conformance suite sees it.</summary>
public interface IStoreFixture
{
    IObjectStore Store { get; }

    /// <summary>Smallest size of a part that is not the last, in bytes.</summary>
    int PartSizeBytes { get; }

    /// <summary>Parts, objects or uploads with which paging is tested; more than one page of the store.</summary>
    int ManyCount { get; }

    /// <summary>A presigned URL as a client would use it.</summary>
    Task<Uri> ReachAsync(PresignedUrl url) => Task.FromResult(url.Url);
}

/// <summary>A provider with everything that the conformance suite needs.</summary>
public abstract class StoreConformance<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : class, IStoreFixture
{
    protected static readonly CancellationToken None = CancellationToken.None;

    protected TFixture Fixture { get; } = fixture;

    protected IObjectStore Store => Fixture.Store;

    protected IMultipartStore Multipart => (IMultipartStore)Fixture.Store;

    protected IRangedReadStore Ranged => (IRangedReadStore)Fixture.Store;

    protected IListingStore Listing => (IListingStore)Fixture.Store;

    protected ICopyingStore Copying => (ICopyingStore)Fixture.Store;

    protected IPresigningStore Presigning => (IPresigningStore)Fixture.Store;

    protected int PartSizeBytes => Fixture.PartSizeBytes;

    /// <summary>A prefix that only the calling test uses.</summary>
    protected string Prefix { get; } = $"objects/{Guid.NewGuid():n}/";

    protected string NewKey(string name = "a") => Prefix + name;

    protected async Task<byte[]> ReadAllAsync(string key)
    {
        await using var stream = await Store.OpenReadAsync(key, None);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    /// <summary>Checks that an object has the bytes of these pieces; comparing millions of them one by one takes seconds.</summary>
    protected async Task CheckContentAsync(string key, params byte[][] pieces)
    {
        var read = await ReadAllAsync(key);
        Assert.True(pieces.SelectMany(piece => piece).ToArray().AsSpan().SequenceEqual(read), $"{key} has other bytes");
    }

    protected async Task<ObjectStoreError> ErrorOfAsync(Func<Task> call) =>
        (await Assert.ThrowsAsync<ObjectStoreException>(call)).Error;

    /// <summary>Writes an object of these parts, in the order given, and completes it.</summary>
    protected async Task<StoredObject> PutPartsAsync(string key, params byte[][] parts)
    {
        var id = await Multipart.InitiateAsync(key, None);
        var stored = new List<StoredPart>();
        for (var i = 0; i < parts.Length; i++)
            stored.Add(await Multipart.PutPartAsync(key, id, i + 1, Content.Of(parts[i]), None));
        return await Multipart.CompleteAsync(key, id, stored, None);
    }

    protected static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> source)
    {
        var list = new List<T>();
        await foreach (var item in source)
            list.Add(item);
        return list;
    }
}
