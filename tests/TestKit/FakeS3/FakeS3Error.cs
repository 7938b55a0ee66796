namespace GrainVault.TestKit.FakeS3;

/// <summary>An error answer of the S3 API.</summary>
public sealed class FakeS3Error(int status, string code, string message = "") : Exception(message)
{
    public int Status => status;

    public string Code => code;

    public static FakeS3Error NoSuchKey => new(404, "NoSuchKey", "The specified key does not exist.");

    public static FakeS3Error NoSuchUpload => new(404, "NoSuchUpload", "The specified upload does not exist.");

    public static FakeS3Error NoSuchBucket => new(404, "NoSuchBucket", "The specified bucket does not exist.");
}
