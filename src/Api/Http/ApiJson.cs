using System.Text.Json;
using System.Text.Json.Serialization;
using GrainVault.Api.Accounts;
using GrainVault.Api.Administration;
using GrainVault.Api.Archives;
using GrainVault.Api.Audit;
using GrainVault.Api.Changes;
using GrainVault.Api.Files;
using GrainVault.Api.Links;
using GrainVault.Api.Uploads;
using GrainVault.Api.Webhooks;
using GrainVault.Changes;
using GrainVault.Files;
using GrainVault.Links;
using GrainVault.Uploads;

namespace GrainVault.Api.Http;

/// <summary>
/// The JSON of the API: strict in what it takes (unknown or repeated members, other types and other cases are errors), camel
/// case, lower-case enum values, absent optional members.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = DepthMax,
    Converters = [
        typeof(LowerCaseEnum<EntryKind>),
        typeof(LowerCaseEnum<Visibility>),
        typeof(LowerCaseEnum<TargetState>),
        typeof(LowerCaseEnum<OnConflict>),
        typeof(LowerCaseEnum<ShareRole>),
        typeof(LowerCaseEnum<LinkRole>),
        typeof(LowerCaseEnum<UploadState>),
        typeof(LowerCaseEnum<UploadMode>),
        typeof(LowerCaseEnum<EntryView>),
        typeof(LowerCaseEnum<ChangeType>),
        typeof(LowerCaseEnum<FeedRole>),
        typeof(UtcTime),
    ])]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(SignUpRequest))]
[JsonSerializable(typeof(LogInRequest))]
[JsonSerializable(typeof(RefreshRequest))]
[JsonSerializable(typeof(LogOutRequest))]
[JsonSerializable(typeof(PasswordRequest))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(ProfileAnswer))]
[JsonSerializable(typeof(CreateUploadRequest))]
[JsonSerializable(typeof(CompleteUploadRequest))]
[JsonSerializable(typeof(PossessionRequest))]
[JsonSerializable(typeof(PresignRequest))]
[JsonSerializable(typeof(PresignAnswer))]
[JsonSerializable(typeof(UploadAnswer))]
[JsonSerializable(typeof(UploadPageAnswer))]
[JsonSerializable(typeof(PartAnswer))]
[JsonSerializable(typeof(FileAnswer))]
[JsonSerializable(typeof(EntryPageAnswer))]
[JsonSerializable(typeof(CreateFolderRequest))]
[JsonSerializable(typeof(CopyFileRequest))]
[JsonSerializable(typeof(CreateShortcutRequest))]
[JsonSerializable(typeof(VersionPageAnswer))]
[JsonSerializable(typeof(ShareRequest))]
[JsonSerializable(typeof(SharesAnswer))]
[JsonSerializable(typeof(CreateLinkRequest))]
[JsonSerializable(typeof(LinkAnswer))]
[JsonSerializable(typeof(LinksAnswer))]
[JsonSerializable(typeof(LinkedPageAnswer))]
[JsonSerializable(typeof(TransferRequest))]
[JsonSerializable(typeof(TransferAnswer))]
[JsonSerializable(typeof(TransferPageAnswer))]
[JsonSerializable(typeof(LinkUploadRequest))]
[JsonSerializable(typeof(LinkUploadAnswer))]
[JsonSerializable(typeof(SentFileAnswer))]
[JsonSerializable(typeof(ChangeEntryRequest))]
[JsonSerializable(typeof(ChangeUserRequest))]
[JsonSerializable(typeof(UserAnswer))]
[JsonSerializable(typeof(UserPageAnswer))]
[JsonSerializable(typeof(SessionPageAnswer))]
[JsonSerializable(typeof(ZipRequest))]
[JsonSerializable(typeof(ZipAnswer))]
[JsonSerializable(typeof(AuditPageAnswer))]
[JsonSerializable(typeof(ActivityPageAnswer))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(ChangePageAnswer))]
[JsonSerializable(typeof(ProgressAnswer))]
[JsonSerializable(typeof(CreateWebhookRequest))]
[JsonSerializable(typeof(ChangeWebhookRequest))]
[JsonSerializable(typeof(WebhookAnswer))]
[JsonSerializable(typeof(WebhooksAnswer))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Deepest nesting that is read.</summary>
    public const int DepthMax = 16;

    /// <summary>Makes results of endpoints, and the OpenAPI document, speak the same JSON.</summary>
    public static void ApplyTo(JsonSerializerOptions options)
    {
        options.TypeInfoResolverChain.Insert(0, Default);
        options.DefaultIgnoreCondition = Default.Options.DefaultIgnoreCondition;
        options.NumberHandling = Default.Options.NumberHandling;
        foreach (var converter in Default.Options.Converters)
            options.Converters.Add(converter);
    }
}

/// <summary>
/// Enum values as lower-case strings, and nothing else: the converter of the framework also takes numbers, other cases and
/// lists of values.
/// </summary>
internal sealed class LowerCaseEnum<T> : JsonConverter<T>
    where T : struct, Enum
{
    private static readonly Dictionary<string, T> Values =
        Enum.GetValues<T>().ToDictionary(value => JsonNamingPolicy.CamelCase.ConvertName(value.ToString()), StringComparer.Ordinal);

    private static readonly Dictionary<T, JsonEncodedText> Names = Values.ToDictionary(pair => pair.Value, pair => JsonEncodedText.Encode(pair.Key));

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Values.TryGetValue(reader.GetString()!, out var value) ? value : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Names[value]);
}

/// <summary>Times as RFC 3339 in UTC with milliseconds.</summary>
internal sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Rfc3339.TryParse(reader.GetString(), out var time) ? time : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[24];
        value.UtcDateTime.TryFormat(text, out var length, Format, System.Globalization.CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
