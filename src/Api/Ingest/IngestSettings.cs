using System.ComponentModel.DataAnnotations;
using GrainVault.Api.Gateway;
using GrainVault.Options;

namespace GrainVault.Api.Ingest;

/// <summary>Who may tell a front end of objects in the store; section <c>GrainVault:Ingest</c>.</summary>
internal sealed class IngestSettings : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = IngestOptions.Section;

    private const int SecretLengthMin = 16;
    private const int SecretLengthMax = 256;
    private const int TopicCountMax = 100;

    /// <summary>
    /// What the sender of events must know, 16 to 256 characters: as bearer token, as password of HTTP Basic, or as query parameter
    /// <c>token</c>. Default: none, and then nobody is heard.
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>ARNs of the SNS topics whose notifications are taken and whose subscriptions are confirmed. Default: none.</summary>
    public List<string> SnsTopics { get; set => field = Lists.Given(value); } = [];

    /// <summary>Name of the bucket whose events count; those of other buckets are ignored. Default: none, and then those of every bucket count: keys are random.</summary>
    public string? Bucket { get; set; }

    /// <summary>Longest time that the body of a notification may take to arrive. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Secret is { Length: < SecretLengthMin or > SecretLengthMax })
            yield return new ValidationResult("16 to 256 characters", [nameof(Secret)]);
        if (SnsTopics.Count > TopicCountMax || !SnsTopics.TrueForAll(topic => topic.StartsWith("arn:", StringComparison.Ordinal)))
            yield return new ValidationResult("ARNs such as arn:aws:sns:eu-central-1:123456789012:uploads", [nameof(SnsTopics)]);
    }
}
