using System.Globalization;

namespace GrainVault.TestKit.FakeS3;

/// <summary>An object of the fake server.</summary>
public sealed record FakeObject(string Key, FakeContent Content, string ETag, DateTimeOffset ModifiedAt, string? ContentType);

/// <summary>A part of an unfinished upload.</summary>
public sealed record FakePart(int Number, FakeContent Content, string ETag, DateTimeOffset ModifiedAt);

/// <summary>An unfinished upload.</summary>
public sealed class FakeUpload(string key, string id, DateTimeOffset initiatedAt, string? contentType)
{
    public string Key => key;

    public string Id => id;

    public DateTimeOffset InitiatedAt { get; internal set; } = initiatedAt;

    public string? ContentType => contentType;

    internal SortedDictionary<int, FakePart> Parts { get; } = [];
}

/// <summary>What one bucket holds. Every method is one step that nothing comes between.</summary>
public sealed class FakeBucket(TimeProvider time, FakeS3Faults faults)
{
    /// <summary>Lists don't lag longer.</summary>
    private static readonly TimeSpan RememberedTime = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, FakeObject> _objects = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Key, string Id), FakeUpload> _uploads = new(Comparer<(string Key, string Id)>.Create(Compare));
    private readonly List<(FakeObject Object, DateTimeOffset DeletedAt)> _deletedObjects = [];
    private readonly List<(FakeUpload Upload, DateTimeOffset EndedAt)> _endedUploads = [];
    private readonly Dictionary<string, string> _documents = [];

    /// <summary>Smallest size of every part but the last, in bytes. Default: 5 MiB, as everywhere; tests of many parts may lower it.</summary>
    public long PartSizeBytesMin { get; set; } = 5L << 20;

    /// <summary>A configuration document, for example <c>cors</c>; null when there is none.</summary>
    public string? this[string document]
    {
        get
        {
            lock (_gate)
                return _documents.GetValueOrDefault(document);
        }

        set
        {
            lock (_gate)
            {
                _documents.Remove(document);
                if (value is not null)
                    _documents[document] = value;
            }
        }
    }

    public FakeObject? Find(string key)
    {
        lock (_gate)
            return _objects.GetValueOrDefault(key);
    }

    public FakeObject Put(string key, FakeContent content, string? contentType, string? etag = null)
    {
        var made = new FakeObject(key, content, etag ?? Convert.ToHexStringLower(content.Md5), time.GetUtcNow(), contentType);
        lock (_gate)
            _objects[key] = made;
        return made;
    }

    public void Delete(string key)
    {
        lock (_gate)
        {
            if (_objects.Remove(key, out var gone))
                _deletedObjects.Add((gone, time.GetUtcNow()));
        }
    }

    public FakeUpload Initiate(string key, string? contentType)
    {
        var upload = new FakeUpload(key, Guid.NewGuid().ToString("n"), time.GetUtcNow(), contentType);
        lock (_gate)
            _uploads[(key, upload.Id)] = upload;
        return upload;
    }

    public FakePart PutPart(string key, string uploadId, int number, FakeContent content)
    {
        if (number is < 1 or > 10_000)
            throw new FakeS3Error(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive.");
        var part = new FakePart(number, content, Convert.ToHexStringLower(content.Md5), time.GetUtcNow());
        lock (_gate)
            UploadOf(key, uploadId).Parts[number] = part;
        return part;
    }

    /// <summary>A part of that many zeros that nobody sent, so that a test can have thousands of large ones.</summary>
    public FakePart PutSparsePart(string key, string uploadId, int number, long sizeBytes) => PutPart(key, uploadId, number, FakeContent.Sparse(sizeBytes));

    public FakeObject Complete(string key, string uploadId, IReadOnlyList<(int Number, string ETag)> parts)
    {
        lock (_gate)
        {
            var upload = UploadOf(key, uploadId);
            var contents = new List<FakeContent>(parts.Count);
            for (var i = 0; i < parts.Count; i++)
            {
                if (i > 0 && parts[i].Number <= parts[i - 1].Number)
                    throw new FakeS3Error(400, "InvalidPartOrder");
                if (upload.Parts.GetValueOrDefault(parts[i].Number) is not { } part || part.ETag != parts[i].ETag)
                    throw new FakeS3Error(400, "InvalidPart", $"Part {parts[i].Number} is missing or has another ETag.");
                if (i < parts.Count - 1 && part.Content.SizeBytes < PartSizeBytesMin)
                    throw new FakeS3Error(400, "EntityTooSmall");
                contents.Add(part.Content);
            }

            if (contents.Count == 0)
                throw new FakeS3Error(400, "MalformedXML");
            var whole = FakeContent.Concat(contents);
            End(upload);
            return Put(key, whole, upload.ContentType, string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(whole.Md5)}-{contents.Count}"));
        }
    }

    public void Abort(string key, string uploadId)
    {
        lock (_gate)
            End(UploadOf(key, uploadId));
    }

    /// <summary>Makes everything in it older, as if that much time had passed. What was deleted long ago is forgotten.</summary>
    public void Age(TimeSpan span)
    {
        lock (_gate)
        {
            foreach (var one in _objects.Values.ToList())
                _objects[one.Key] = one with { ModifiedAt = one.ModifiedAt - span };
            foreach (var upload in _uploads.Values)
            {
                upload.InitiatedAt -= span;
                foreach (var part in upload.Parts.Values.ToList())
                    upload.Parts[part.Number] = part with { ModifiedAt = part.ModifiedAt - span };
            }

            Aged(_deletedObjects, one => (one.Object with { ModifiedAt = one.Object.ModifiedAt - span }, one.DeletedAt - span), one => one.DeletedAt);
            Aged(_endedUploads, one => (one.Upload, one.EndedAt - span), one => one.EndedAt);
        }

        void Aged<T>(List<T> gone, Func<T, T> older, Func<T, DateTimeOffset> goneAt)
        {
            var aged = gone.Select(older).Where(one => goneAt(one) > time.GetUtcNow() - RememberedTime).ToList();
            gone.Clear();
            gone.AddRange(aged);
        }
    }

    /// <summary>What a list shows, which may lag.</summary>
    public IReadOnlyList<FakeObject> Objects(string prefix)
    {
        lock (_gate)
        {
            var asOf = AsOf;
            var shown = _objects.Values.Where(one => one.ModifiedAt <= asOf);
            if (faults.ListLag > TimeSpan.Zero)
            {
                shown = shown.Concat(_deletedObjects.Where(one => one.DeletedAt > asOf && one.Object.ModifiedAt <= asOf).Select(one => one.Object))
                    .DistinctBy(one => one.Key).OrderBy(one => one.Key, StringComparer.Ordinal);
            }

            return [.. shown.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal))];
        }
    }

    /// <summary>Unfinished uploads in the order of keys; the list may lag.</summary>
    public IReadOnlyList<FakeUpload> Uploads(string prefix)
    {
        lock (_gate)
        {
            var asOf = AsOf;
            var shown = _uploads.Values.Where(one => one.InitiatedAt <= asOf);
            if (faults.ListLag > TimeSpan.Zero)
            {
                shown = shown.Concat(_endedUploads.Where(one => one.EndedAt > asOf && one.Upload.InitiatedAt <= asOf).Select(one => one.Upload))
                    .OrderBy(one => (one.Key, one.Id), Comparer<(string, string)>.Create(Compare));
            }

            return [.. shown.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal))];
        }
    }

    /// <summary>Parts of an upload in order; the list may lag.</summary>
    public IReadOnlyList<FakePart> Parts(string key, string uploadId)
    {
        lock (_gate)
        {
            var asOf = AsOf;
            return [.. UploadOf(key, uploadId).Parts.Values.Where(part => part.ModifiedAt <= asOf)];
        }
    }

    private DateTimeOffset AsOf => faults.ListLag > TimeSpan.Zero ? time.GetUtcNow() - faults.ListLag : DateTimeOffset.MaxValue;

    private static int Compare((string Key, string Id) one, (string Key, string Id) other)
    {
        var order = string.CompareOrdinal(one.Key, other.Key);
        return order != 0 ? order : string.CompareOrdinal(one.Id, other.Id);
    }

    private FakeUpload UploadOf(string key, string uploadId) => _uploads.GetValueOrDefault((key, uploadId)) ?? throw FakeS3Error.NoSuchUpload;

    private void End(FakeUpload upload)
    {
        _uploads.Remove((upload.Key, upload.Id));
        _endedUploads.Add((upload, time.GetUtcNow()));
    }
}
