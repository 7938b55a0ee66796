using System.ComponentModel.DataAnnotations;

namespace GrainVault.Silo.Store;

/// <summary>Where a bucket's events go; section <c>GrainVault:Ingest</c>. Front ends and grains read further keys of the same section.</summary>
public sealed class StoreEventsOptions : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Ingest";

    /// <summary>What the store presents with an event. Default: none, and then nobody hears events.</summary>
    public string? Secret { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>
    /// URL of <c>/v1/ingest/s3-events</c> as the store reaches it, for stores that are given one (Ceph). Default: none.
    /// </summary>
    public string? Url { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>
    /// ARN of what the bucket sends its events to, where that is not GrainVault itself: an SNS topic, or a webhook of the server such
    /// as <c>arn:minio:sqs::grainvault:webhook</c>. Default: on AWS the first of <see cref="SnsTopics"/>, elsewhere none.
    /// </summary>
    public string? TargetArn { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>ARNs of the SNS topics that are heard. Default: none.</summary>
    public List<string> SnsTopics { get; set => field = value.FindAll(one => !string.IsNullOrWhiteSpace(one)); } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Url is not null && !IsPlainUrl(Url))
            yield return new ValidationResult("an http or https URL without user, query and fragment; the secret stands in Ingest:Secret", [nameof(Url)]);
        if (TargetArn?.StartsWith("arn:", StringComparison.Ordinal) == false)
            yield return new ValidationResult("an ARN such as arn:aws:sns:eu-central-1:123456789012:uploads", [nameof(TargetArn)]);
    }

    private static bool IsPlainUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https"
        && (url.UserInfo + url.Query + url.Fragment).Length == 0;
}
