namespace GrainVault.Storage.S3.Setup;

/// <summary>How one thing of a bucket stands.</summary>
public enum SetupState
{
    /// <summary>As it has to be, or not needed.</summary>
    Ok,

    /// <summary>Was not as it has to be, and is now.</summary>
    Set,

    /// <summary>Is not there, or not as it has to be.</summary>
    Missing,

    /// <summary>Something that others have configured does harm; it is never changed here.</summary>
    Wrong,

    /// <summary>The store has nothing of the kind in its S3 API.</summary>
    NotOffered,

    /// <summary>The store doesn't let us look.</summary>
    Unknown,
}

/// <summary>What was found out about one thing of a bucket.</summary>
/// <param name="Thing"><c>bucket</c>, <c>cors</c>, <c>lifecycle</c>, <c>notifications</c> or <c>keys</c>.</param>
/// <param name="State">How it stands.</param>
/// <param name="Detail">What there is, or what the operator does about it. Holds no secret.</param>
public sealed record SetupLine(string Thing, SetupState State, string Detail)
{
    /// <summary>True when the operator need do nothing that this store offers.</summary>
    public bool IsFine => State is SetupState.Ok or SetupState.Set or SetupState.NotOffered;
}
