namespace GrainVault.Api.Links;

internal static partial class LinkVisitsLog
{
    [LoggerMessage(5310, LogLevel.Information, "{LengthBytes} bytes that were not sent could not be given back to a ticket; its download may have to be begun again")]
    public static partial void NotGivenBack(this ILogger<LinkVisits> logger, long lengthBytes, Exception exception);
}
