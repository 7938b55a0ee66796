using GrainVault.Storage.Disk;
using Microsoft.Extensions.Options;

namespace GrainVault.Storage;

/// <summary>Checks <see cref="ObjectsOptions"/> at start; each failure is one line with the key, the value and what is allowed.</summary>
public sealed class ObjectsOptionsValidator : IValidateOptions<ObjectsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ObjectsOptions options)
    {
        var failures = new List<string>();
        switch (options.Provider)
        {
            case ObjectsOptions.DiskProvider:
                ValidateDisk(options.Disk, failures);
                break;
            default:
                failures.Add(Failure("Provider", options.Provider, "disk"));
                break;
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void ValidateDisk(DiskOptions disk, List<string> failures)
    {
        if (string.IsNullOrWhiteSpace(disk.Directory))
            failures.Add(Failure("Disk:Directory", disk.Directory, "a folder that the process can write"));
        CheckRange("Disk:ThreadCount", disk.ThreadCount, 1, 256, failures);
        CheckRange("Disk:QueueLengthMax", disk.QueueLengthMax, 1, 100_000, failures);
    }

    private static void CheckRange(string key, long value, long min, long max, List<string> failures)
    {
        if (value < min || value > max)
            failures.Add(Failure(key, value.ToString(), $"{min} to {max}"));
    }

    private static string Failure(string key, string? value, string allowed) =>
        $"{ObjectsOptions.Section}:{key} is '{value}'; allowed: {allowed}.";
}
