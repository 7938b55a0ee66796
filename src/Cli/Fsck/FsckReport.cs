namespace GrainVault.Cli.Fsck;

/// <summary>Kinds of findings; stable, since scripts look for them.</summary>
public static class FindingKinds
{
    /// <summary>A live object is not in the store: content is lost.</summary>
    public const string ObjectMissing = "object-missing";

    /// <summary>An object has another size in the store than in the ledger.</summary>
    public const string ObjectSize = "object-size";

    /// <summary>The store has an object that the ledger does not know.</summary>
    public const string ObjectUnknown = "object-unknown";

    /// <summary>The store has a multipart upload that the ledger does not know.</summary>
    public const string UploadUnknown = "upload-unknown";

    /// <summary>A version refers to an object that is not live or of another size, or is missing itself.</summary>
    public const string VersionBroken = "version-broken";

    /// <summary>An object is live, and no version refers to it.</summary>
    public const string ObjectUnreferenced = "object-unreferenced";

    /// <summary>An acknowledged part of an unfinished session is not in the store.</summary>
    public const string PartMissing = "part-missing";

    /// <summary>An unfinished session has no intended object any more.</summary>
    public const string SessionBroken = "session-broken";

    /// <summary>Used bytes differ from the sum of the versions.</summary>
    public const string QuotaUsed = "quota-used";

    /// <summary>Reserved bytes differ from the sum of the unfinished sessions.</summary>
    public const string QuotaReserved = "quota-reserved";

    /// <summary>Something belongs to a user that does not exist.</summary>
    public const string OwnerMissing = "owner-missing";

    /// <summary>The change feed has gaps or another end than the user's counter, or tells of a share as another owner's.</summary>
    public const string ChangeFeed = "change-feed";

    /// <summary>The store does not carry the marker of this database.</summary>
    public const string Marker = "marker";

    /// <summary>Sweeping was stopped by an alarm.</summary>
    public const string SweepStopped = "sweep-stopped";
}

/// <summary>One thing that is not as it should be.</summary>
/// <param name="Kind">One of <see cref="FindingKinds"/>.</param>
/// <param name="Subject">Key or id of what it is about.</param>
/// <param name="Detail">What is expected and what is there.</param>
public sealed record Finding(string Kind, string Subject, string Detail)
{
    /// <summary>It was repaired in this run.</summary>
    public bool IsRepaired { get; set; }
}

/// <summary>What a run found.</summary>
public sealed class FsckReport
{
    /// <summary>Most findings that are kept; more are only counted.</summary>
    public const int FindingCountMax = 10_000;

    private readonly List<Finding> _findings = [];

    /// <summary>The findings, in the order in which they were made.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>All findings, also those beyond <see cref="FindingCountMax"/>.</summary>
    public int ProblemCount { get; private set; }

    /// <summary>Findings that were repaired.</summary>
    public int RepairedCount => _findings.Count(finding => finding.IsRepaired);

    /// <summary>True when nothing was found.</summary>
    public bool IsClean => ProblemCount == 0;

    /// <summary>Objects that versions refer to.</summary>
    public long LiveObjectCount { get; set; }

    /// <summary>Their bytes.</summary>
    public long LiveBytes { get; set; }

    /// <summary>Objects that are being written.</summary>
    public long IntendedObjectCount { get; set; }

    /// <summary>Objects in the store that are garbage of the ledger and wait for their deletion as they should.</summary>
    public long GarbageObjectCount { get; set; }

    /// <summary>Their bytes.</summary>
    public long GarbageBytes { get; set; }

    /// <summary>
    /// Objects and multipart uploads in the store that the ledger does not know, whatever their age, garbage whose time has passed, and
    /// what an intent has left that nobody needs any more. Zero after two sweeps.
    /// </summary>
    public long LeakedObjectCount { get; set; }

    /// <summary>Their bytes.</summary>
    public long LeakedBytes { get; set; }

    /// <summary>Objects of the inbox that wait to be adopted as files.</summary>
    public long InboxObjectCount { get; set; }

    /// <summary>Objects of the inbox that can't be adopted, by reason.</summary>
    public Dictionary<string, long> InboxRefused { get; } = [];

    /// <summary>Bytes of those.</summary>
    public long InboxRefusedBytes { get; set; }

    /// <summary>The last line.</summary>
    public string Summary => IsClean ? "fsck: clean" : $"fsck: {ProblemCount} problems ({RepairedCount} repaired)";

    /// <summary>Adds a finding and returns it.</summary>
    public Finding Add(string kind, string subject, string detail)
    {
        var finding = new Finding(kind, subject, detail);
        ProblemCount++;
        if (_findings.Count < FindingCountMax)
            _findings.Add(finding);
        return finding;
    }
}
