using System.Security.Cryptography;
using GrainVault.Files;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads.Model;

/// <summary>A part as its client sees it. Contents are numbered: 0 is what the file is meant to have, 1 another of the same size.</summary>
internal sealed class ModelPart
{
    /// <summary>Contents that the file may have here; none when nothing whole was ever sent.</summary>
    public HashSet<int> Possible { get; } = [];

    /// <summary>The client was told that it is there, and nothing has made that doubtful since: no completion may miss it.</summary>
    public bool IsSure { get; set; }

    /// <summary>A front end may have acknowledged it.</summary>
    public bool WasProxied { get; set; }

    /// <summary>The store may have lied about it: what the ledger has is found wrong by the next completion, and not before.</summary>
    public bool MayBeLiedAbout { get; set; }

    /// <summary>Content of a write that a stopped silo still has in hand.</summary>
    public int? StuckVariant { get; set; }

    public void Become(int variant, bool isSure)
    {
        Possible.Clear();
        Possible.Add(variant);
        IsSure = isSure;
        if (StuckVariant is { } stuck && stuck != variant)
        {
            Possible.Add(stuck);
            IsSure = false;
        }
    }

    /// <summary>What was sent is not what the part has to be.</summary>
    public void Spoil()
    {
        Possible.Clear();
        IsSure = false;
        if (StuckVariant is { } stuck)
            Possible.Add(stuck);
    }
}

/// <summary>A URL that the client holds, taken apart.</summary>
internal sealed record ModelUrl(int Number, string Key, string? StoreUploadId, int StorePartNumber, TimeSpan EndsAt);

/// <summary>A session as its client sees it.</summary>
internal sealed class ModelSession(int index, int shape, int flags, TimeSpan expiresAt)
{
    private static readonly int[][] Shapes =
    [
        [],
        [700],
        [ModelHost.PartSizeBytes, ModelHost.PartSizeBytes, 10],
        [ModelHost.PartSizeBytes, 1],
    ];

    private readonly int[] _sizes = Shapes[shape % Shapes.Length];

    public string Id { get; } = Ids.New(Ids.Upload);

    public UploadMode Mode => (flags & 1) == 0 ? UploadMode.Proxied : UploadMode.Direct;

    public OnConflict OnConflict => (flags & 2) == 0 ? OnConflict.Fail : OnConflict.Rename;

    public bool IsDeclared => (flags & 4) != 0 && _sizes.Length > 0;

    public TimeSpan ExpiresAt => expiresAt;

    public IReadOnlyList<ModelPart> Parts { get; } = [.. Shapes[shape % Shapes.Length].Select(_ => new ModelPart())];

    public int PartCount => _sizes.Length;

    public bool IsWhole => PartCount == 1;

    public long SizeBytes => _sizes.Sum();

    public List<ModelUrl> Urls { get; } = [];

    public UploadState State { get; set; } = UploadState.Open;

    public bool HasEnded => State is UploadState.Completed or UploadState.Aborted or UploadState.Expired;

    /// <summary>The ledger has forgotten it, as it may with ended ones after a week.</summary>
    public bool IsGone { get; set; }

    public bool IsCompletionAsked { get; set; }

    public bool IsAbortAsked { get; set; }

    /// <summary>A completion may have taken the staged object over already.</summary>
    public bool MayBeTaken { get; set; }

    /// <summary>Somebody who was told of its staged object may be completing it, or take it up again.</summary>
    public bool MayCompleteByItself { get; set; }

    /// <summary>A stopped silo still works on it.</summary>
    public bool IsStuck { get; set; }

    public string? FileId { get; set; }

    /// <summary>What the file has had since it was first seen.</summary>
    public byte[]? File { get; set; }

    public bool IsDeleted { get; set; }

    public bool AreAllSure => Parts.All(part => part.IsSure);

    public bool CanBeWhole => Parts.All(part => part.Possible.Count > 0);

    public bool CanDifferFromDeclared => IsDeclared && Parts.Any(part => part.Possible.Any(variant => variant != 0));

    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Enumerable.Range(1, PartCount).SelectMany(number => Bytes(number, 0)).ToArray()));

    public int SizeOf(int number) => _sizes[number - 1];

    public byte[] Bytes(int number, int variant)
    {
        var bytes = new byte[SizeOf(number)];
        new Random((index * 1_000) + (number * 10) + variant).NextBytes(bytes);
        return bytes;
    }

    public string ETag(int number, int variant) => Convert.ToHexStringLower(MD5.HashData(Bytes(number, variant)));

    /// <summary>True when every part of the content is one that was sent for it.</summary>
    public bool CanBe(byte[] content)
    {
        if (content.Length != SizeBytes)
            return false;
        var offset = 0;
        for (var number = 1; number <= PartCount; number++)
        {
            var part = content.AsSpan(offset, SizeOf(number)).ToArray();
            if (!Parts[number - 1].Possible.Any(variant => part.AsSpan().SequenceEqual(Bytes(number, variant))))
                return false;
            offset += part.Length;
        }

        return true;
    }

    public override string ToString() =>
        $"session {index} ({Mode}, {PartCount} parts, {State}{(IsStuck ? ", stuck" : "")}: "
        + string.Join(' ', Parts.Select(part => $"{(part.IsSure ? "!" : "?")}{string.Join('|', part.Possible.Order())}")) + ")";
}
