using Amazon.S3;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3.Setup;

/// <summary>Events: the bucket tells of new objects to which clients have sent, and of what arrives in the inbox.</summary>
/// <param name="client">Speaks S3.</param>
/// <param name="bucket">Name of the bucket.</param>
/// <param name="plan">What has to be.</param>
/// <param name="dialect">Kind of server.</param>
/// <param name="topics">Makes topics, where the server has them itself; null elsewhere.</param>
internal sealed class BucketNotifications(IAmazonS3 client, string bucket, BucketPlan plan, S3Dialect dialect, CephTopics? topics) : IBucketPart
{
    private const string Summary = "the bucket tells of new objects under " + ObjectKeys.ContentPrefix + "*" + ObjectKeys.StagingSuffix + " and " + ObjectKeys.InboxPrefix;
    private const string QueueService = ":sqs:";

    /// <summary>Their ids name the bucket, since Ceph has subscriptions of these names that belong to the user.</summary>
    private readonly (string Id, string Prefix, string? Suffix)[] _wanted =
    [
        ($"grainvault-staged-{bucket}", ObjectKeys.ContentPrefix, ObjectKeys.StagingSuffix),
        ($"grainvault-inbox-{bucket}", ObjectKeys.InboxPrefix, null),
    ];

    public string Thing => "notifications";

    public string AdviceOf(S3Dialect dialect) => StoreAdvice.Notifications(dialect);

    public async Task<SetupLine> RunAsync(bool isApplied, CancellationToken cancellationToken)
    {
        if (plan.Events is not { } events)
            return new SetupLine(Thing, SetupState.Ok, "Ingest:Secret is not set, so nobody hears events; the janitor looks for new objects");
        var isAws = dialect.Name == S3Dialect.Aws.Name;
        if ((events.TargetArn ?? (isAws ? events.SnsTopic : null)) is { } target)
            return await RunAsync(isApplied, target, cancellationToken).ConfigureAwait(false);
        if (isAws)
            return new SetupLine(Thing, SetupState.Missing, "Ingest:SnsTopics has to name the topic that the bucket sends to");
        if (topics is null)
            return new SetupLine(Thing, SetupState.NotOffered, AdviceOf(dialect));
        if (events.UrlWithSecret(topics.IsSecure) is not { } url)
            return new SetupLine(Thing, SetupState.Missing, "Ingest:Url has to say where the store reaches /v1/ingest/s3-events");
        return await RunWithTopicAsync(topics, url, isApplied, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>With a topic of our own, which leads to one URL.</summary>
    private async Task<SetupLine> RunWithTopicAsync(CephTopics topics, string url, bool isApplied, CancellationToken cancellationToken)
    {
        var configured = await GetAsync(cancellationToken).ConfigureAwait(false);
        var known = (configured.TopicConfigurations ?? []).Find(one => one.Id == _wanted[0].Id)?.Topic;
        if (known is not null && await topics.FindUrlAsync(known, cancellationToken).ConfigureAwait(false) == url)
            return await RunAsync(isApplied, known, cancellationToken).ConfigureAwait(false);
        if (!isApplied)
            return new SetupLine(Thing, SetupState.Missing, known is null ? Absent : "the events go to another address or with another secret than Ingest:Url and Ingest:Secret");
        var made = await topics.CreateAsync($"grainvault-{bucket}", url, cancellationToken).ConfigureAwait(false);
        var line = await RunAsync(isApplied, made, cancellationToken).ConfigureAwait(false);
        return line.State == SetupState.Ok ? line with { State = SetupState.Set } : line;
    }

    private async Task<SetupLine> RunAsync(bool isApplied, string target, CancellationToken cancellationToken)
    {
        var there = await GetAsync(cancellationToken).ConfigureAwait(false);
        if (IsComplete(there, target))
            return new SetupLine(Thing, SetupState.Ok, Summary);
        if (!isApplied)
            return new SetupLine(Thing, SetupState.Missing, Absent);
        await PutAsync(there, target, cancellationToken).ConfigureAwait(false);
        return IsComplete(await GetAsync(cancellationToken).ConfigureAwait(false), target)
            ? new SetupLine(Thing, SetupState.Set, Summary)
            : new SetupLine(Thing, SetupState.Missing, "the server has taken the configuration and does not show it");
    }

    private static string Absent => $"the bucket does not send events of new objects under {ObjectKeys.ContentPrefix}*{ObjectKeys.StagingSuffix} and {ObjectKeys.InboxPrefix}";

    private bool IsComplete(GetBucketNotificationResponse there, string target) => Array.TrueForAll(_wanted, wanted =>
        IsQueue(target)
            ? (there.QueueConfigurations ?? []).Exists(one => one.Queue == target && Fits(one, wanted.Prefix, wanted.Suffix))
            : (there.TopicConfigurations ?? []).Exists(one => one.Topic == target && Fits(one, wanted.Prefix, wanted.Suffix)));

    private static bool Fits(NotificationConfiguration one, string prefix, string? suffix)
    {
        var rules = one.Filter?.S3KeyFilter?.FilterRules ?? [];
        return one.Events?.Exists(kind => kind.Value is "s3:ObjectCreated:*") == true
            && rules.Count == (suffix is null ? 1 : 2)
            && rules.Exists(rule => Is(rule, "prefix", prefix))
            && (suffix is null || rules.Exists(rule => Is(rule, "suffix", suffix)));
    }

    private static bool Is(FilterRule rule, string name, string value) => string.Equals(rule.Name, name, StringComparison.OrdinalIgnoreCase) && rule.Value == value;

    private static bool IsQueue(string arn) => arn.Contains(QueueService, StringComparison.Ordinal);

    private Task<GetBucketNotificationResponse> GetAsync(CancellationToken cancellationToken) =>
        client.GetBucketNotificationAsync(new GetBucketNotificationRequest { BucketName = bucket }, cancellationToken);

    /// <summary>Ours in place of our earlier ones; whatever others have configured goes along, since the call replaces everything.</summary>
    private Task PutAsync(GetBucketNotificationResponse there, string target, CancellationToken cancellationToken)
    {
        var request = new PutBucketNotificationRequest
        {
            BucketName = bucket,
            TopicConfigurations = [.. (there.TopicConfigurations ?? []).Where(one => !IsOurs(one.Id))],
            QueueConfigurations = [.. (there.QueueConfigurations ?? []).Where(one => !IsOurs(one.Id))],
            LambdaFunctionConfigurations = there.LambdaFunctionConfigurations ?? [],
            EventBridgeConfiguration = there.EventBridgeConfiguration,
        };
        foreach (var (id, prefix, suffix) in _wanted)
        {
            if (IsQueue(target))
                request.QueueConfigurations.Add(new QueueConfiguration { Id = id, Queue = target, Events = [EventType.ObjectCreatedAll], Filter = FilterOf(prefix, suffix) });
            else
                request.TopicConfigurations.Add(new TopicConfiguration { Id = id, Topic = target, Events = [EventType.ObjectCreatedAll], Filter = FilterOf(prefix, suffix) });
        }

        return client.PutBucketNotificationAsync(request, cancellationToken);
    }

    private bool IsOurs(string? id) => Array.Exists(_wanted, wanted => wanted.Id == id);

    private static Filter FilterOf(string prefix, string? suffix)
    {
        List<FilterRule> rules = [new FilterRule("prefix", prefix)];
        if (suffix is not null)
            rules.Add(new FilterRule("suffix", suffix));
        return new Filter { S3KeyFilter = new S3KeyFilter { FilterRules = rules } };
    }
}
