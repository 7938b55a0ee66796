using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>What the store has of a session, held against what the session wants.</summary>
/// <param name="Whole">Parts of the right size, by number.</param>
/// <param name="Odd">Numbers of parts that have another size than theirs, or that the session does not have.</param>
internal sealed record StoredParts(Dictionary<int, StoredPart> Whole, List<int> Odd)
{
    /// <summary>Sorts parts as the store listed them.</summary>
    public static StoredParts Of(IEnumerable<StoredPart> listed, UploadRow row)
    {
        var parts = new StoredParts([], []);
        foreach (var part in listed)
        {
            if (part.Number <= row.PartCount && part.SizeBytes == UploadPlan.SizeOf(part.Number, row.SizeBytes!.Value, row.PartSizeBytes, row.PartCount.Value))
                parts.Whole[part.Number] = part;
            else
                parts.Odd.Add(part.Number);
        }

        return parts;
    }

    /// <summary>Parts that the ledger should take over: unknown to it, or replaced by whoever sent them there.</summary>
    public List<StoredPart> NewTo(IReadOnlyDictionary<int, PartRow> ledger) =>
        [.. Whole.Values.Where(part => !ledger.TryGetValue(part.Number, out var known) || (known.Sha256 is null && known.ETag != part.ETag))];

    /// <summary>Numbers of parts that can't be completed as they are: of a wrong size, replaced since they were acknowledged, or lost.</summary>
    /// <param name="ledger">The ledger's parts.</param>
    /// <param name="claimed">ETags as the client has them, by number; empty when it listed none.</param>
    public int[] FindWrong(IReadOnlyDictionary<int, PartRow> ledger, IReadOnlyDictionary<int, string> claimed)
    {
        var wrong = new SortedSet<int>(Odd);
        foreach (var known in ledger.Values.Where(known => known.Sha256 is not null))
        {
            if (!Whole.TryGetValue(known.Number, out var stored) || stored.ETag != known.ETag)
                wrong.Add(known.Number);
        }

        foreach (var (number, etag) in claimed)
        {
            if (Whole.TryGetValue(number, out var stored) && stored.ETag != etag)
                wrong.Add(number);
        }

        return [.. wrong];
    }
}
