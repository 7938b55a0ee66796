using System.Text.RegularExpressions;
using GrainVault.Storage.Disk;
using GrainVault.Storage.S3;
using Microsoft.Extensions.Options;

namespace GrainVault.Storage;

/// <summary>Checks <see cref="ObjectsOptions"/> at start; each failure is one line with the key, the value and what is allowed.</summary>
public sealed partial class ObjectsOptionsValidator : IValidateOptions<ObjectsOptions>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ObjectsOptions options)
    {
        var failures = new List<string>();
        switch (options.Provider)
        {
            case ObjectsOptions.DiskProvider:
                ValidateDisk(options.Disk, failures);
                break;
            case ObjectsOptions.S3Provider:
                ValidateS3(options.S3, failures);
                break;
            default:
                Add(failures, "Provider", options.Provider, "disk, s3");
                break;
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void ValidateDisk(DiskOptions disk, List<string> failures)
    {
        if (string.IsNullOrWhiteSpace(disk.Directory))
            Add(failures, "Disk:Directory", disk.Directory, "a folder that the process can write");
        CheckUrl(failures, "Disk:PublicUrl", disk.PublicUrl);
        CheckRange(failures, "Disk:ThreadCount", disk.ThreadCount, 1, 256);
        CheckRange(failures, "Disk:ReadThreadCount", disk.ReadThreadCount, 1, 256);
        CheckRange(failures, "Disk:QueueLengthMax", disk.QueueLengthMax, 1, 100_000);
    }

    private static void ValidateS3(S3Options s3, List<string> failures)
    {
        CheckUrl(failures, "S3:Endpoint", s3.Endpoint);
        CheckUrl(failures, "S3:PublicEndpoint", s3.PublicEndpoint);
        if (!RegionPattern().IsMatch(s3.Region ?? ""))
            Add(failures, "S3:Region", s3.Region, "a region name such as us-east-1");
        if (!BucketPattern().IsMatch(s3.Bucket ?? ""))
            Add(failures, "S3:Bucket", s3.Bucket, "3 to 63 characters of [a-z0-9.-], first and last of [a-z0-9]");
        // One without the other is never meant; the secret itself is not for messages.
        if (string.IsNullOrEmpty(s3.AccessKey) != string.IsNullOrEmpty(s3.SecretKey))
            Add(failures, "S3:AccessKey", s3.AccessKey, "set together with S3:SecretKey, or neither (then the AWS chain gives the credentials)");
        if (string.IsNullOrEmpty(s3.UploadAccessKey) != string.IsNullOrEmpty(s3.UploadSecretKey))
            Add(failures, "S3:UploadAccessKey", s3.UploadAccessKey, "set together with S3:UploadSecretKey, or neither (then S3:AccessKey signs URLs that write too)");
        ValidateDialect(s3, failures);
        CheckRange(failures, "S3:ConnectionCountMax", s3.ConnectionCountMax ?? 1, 1, 20_000);
        CheckRange(failures, "S3:ReadCountMax", s3.ReadCountMax, 1, 10_000);
        CheckRange(failures, "S3:ReadQueueLengthMax", s3.ReadQueueLengthMax, 0, 100_000);
        CheckRange(failures, "S3:ReadQueueWait", s3.ReadQueueWait, Second / 100, Minute * 10);
        CheckRange(failures, "S3:WriteCountMax", s3.WriteCountMax, 1, 10_000);
        CheckRange(failures, "S3:WriteQueueLengthMax", s3.WriteQueueLengthMax, 0, 100_000);
        CheckRange(failures, "S3:WriteQueueWait", s3.WriteQueueWait, Second / 100, Minute * 10);
        CheckRange(failures, "S3:RetryCountMax", s3.RetryCountMax, 0, 10);
        CheckRange(failures, "S3:ConnectTimeout", s3.ConnectTimeout, Second / 10, Minute);
        CheckRange(failures, "S3:AttemptTimeout", s3.AttemptTimeout, Second, Hour);
        CheckRange(failures, "S3:WriteTimeout", s3.WriteTimeout, Second, Hour);
        CheckRange(failures, "S3:CopyTimeout", s3.CopyTimeout, Second, Hour * 24);
        CheckRange(failures, "S3:ControlTimeout", s3.ControlTimeout, Second, Hour);
        CheckRange(failures, "S3:ReadStallTimeout", s3.ReadStallTimeout, Second, Hour);
    }

    private static void ValidateDialect(S3Options s3, List<string> failures)
    {
        if (S3Dialect.Of(s3) is not { } dialect)
            Add(failures, "S3:Profile", s3.Profile, string.Join(", ", S3Dialect.All.Select(known => known.Name)));
        else if (s3.Endpoint is null && dialect.Name != S3Dialect.Aws.Name)
            Add(failures, "S3:Endpoint", s3.Endpoint, $"with Objects:S3:Profile '{dialect.Name}', the URL of the server");
        CheckRange(failures, "S3:PartCountMax", s3.PartCountMax ?? 1, 1, 10_000);
        if (s3.PayloadSigning == S3PayloadSigning.None && s3.Endpoint?.StartsWith("http:", StringComparison.OrdinalIgnoreCase) == true)
            Add(failures, "S3:PayloadSigning", "None", "Hash, since nothing else protects bodies over http");
    }

    private static void CheckUrl(List<string> failures, string key, string? value)
    {
        var valid = value is null
            || (Uri.TryCreate(value, UriKind.Absolute, out var url)
                && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.Query.Length == 0 && url.Fragment.Length == 0);
        if (!valid)
            Add(failures, key, value, "an http or https URL without user, query and fragment");
    }

    private static void CheckRange<T>(List<string> failures, string key, T value, T min, T max)
        where T : IComparable<T>
    {
        if (value.CompareTo(min) < 0 || value.CompareTo(max) > 0)
            Add(failures, key, value.ToString(), $"{min} to {max}");
    }

    private static void Add(List<string> failures, string key, string? value, string allowed) =>
        failures.Add($"{ObjectsOptions.Section}:{key} is '{value}'; allowed: {allowed}.");

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    private static partial Regex BucketPattern();

    [GeneratedRegex("^[a-z0-9-]{1,64}$")]
    private static partial Regex RegionPattern();
}
