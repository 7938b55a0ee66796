using GrainVault.Api.Http;
using GrainVault.Files;

namespace GrainVault.Api.Archives;

/// <summary>What an archive may hold, whoever asks for it.</summary>
internal static class ZipLimits
{
    /// <summary>Why an archive of that size is not made; null for one that is.</summary>
    /// <param name="limits">The limits.</param>
    /// <param name="measured">What it would hold; entries are to be counted up to one more than allowed.</param>
    public static Problem? CheckArchive(this FrontEndLimits limits, ArchiveResult measured)
    {
        if (measured.EntryCount > limits.ZipEntryCountMax)
            return new Problem(ProblemTypes.TooLarge, $"An archive has at most {limits.ZipEntryCountMax} entries.");
        return measured.SizeBytes > limits.ZipSizeBytesMax
            ? new Problem(ProblemTypes.TooLarge, $"An archive has at most {limits.ZipSizeBytesMax} bytes, and this one {measured.SizeBytes}.")
            : null;
    }
}
