using System.Buffers;
using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Orleans.Calls;

namespace Orleans.Serialization.Wire;

/// <summary>
/// Exceptions as bytes: type, message, stack trace, causes, scalar <see cref="Exception.Data"/>, and numbered members. A type that
/// is not known to the reader, or does not take its message, arrives as <see cref="UnavailableExceptionFallbackException"/>.
/// </summary>
internal static class ExceptionCodec
{
    /// <summary>Messages and stack traces are cut here.</summary>
    private const int TextCharsMax = 16 * 1024;

    /// <summary>Causes of causes beyond this stay behind.</summary>
    private const int CauseDepthMax = 16;

    private const uint TypeId = 0;
    private const uint MessageId = 1;
    private const uint StackId = 2;
    private const uint CodeId = 3;
    private const uint CauseId = 4;
    private const uint DataId = 5;
    private const uint MembersId = 6;

    /// <summary>Writes any exception; members that can't cross stay behind.</summary>
    internal static void Write(IBufferWriter<byte> output, Exception failure)
    {
        // Written apart first, since what was written before a member fails can't be taken back.
        var bytes = new ArrayBufferWriter<byte>();
        try
        {
            WriteTo(bytes, failure, hasMembers: true);
        }
        catch (Exception refused) when (refused is SerializerException or InsufficientExecutionStackException)
        {
            bytes.ResetWrittenCount();
            WriteTo(bytes, failure, hasMembers: false);
        }
        output.Write(bytes.WrittenSpan);
    }

    /// <summary>Reads an exception.</summary>
    /// <exception cref="SerializerException">The bytes are not what was written.</exception>
    internal static Exception Read(ReadOnlyMemory<byte> body, ReferenceFactory? references = null) =>
        ResultCodec.Read<Exception>(body, references) ?? throw WireReader.Broken("no exception");

    internal static void WriteField(ref WireWriter writer, uint id, Exception failure, bool hasMembers = true, int depth = 0)
    {
        var type = failure.GetType();
        writer.Begin(id);
        writer.Text(TypeId, (failure as UnavailableExceptionFallbackException)?.ExceptionType ?? KnownExceptions.NameOf(type));
        writer.Text(MessageId, Cut(MessageOf(failure)));
        if (failure.StackTrace is { } stack)
            writer.Text(StackId, Cut(stack));
        writer.Signed(CodeId, failure.HResult);
        if (depth < CauseDepthMax)
        {
            foreach (var cause in CausesOf(failure))
                WriteField(ref writer, CauseId, cause, hasMembers, depth + 1);
        }
        var data = failure.Data.Cast<DictionaryEntry>()
            .Where(entry => entry is { Key: string, Value: { } value } && Shareable.IsScalar(value.GetType()) && !value.GetType().IsEnum)
            .ToDictionary(entry => (string)entry.Key, entry => entry.Value!);
        if (data.Count > 0)
            FieldCodec<Dictionary<string, object>>.Write(ref writer, DataId, data);
        if (hasMembers && WireTypeModel.IsMarked(type))
            TypedCodec.OfMembers(type).WriteExact(ref writer, MembersId, failure);
        writer.End();
    }

    internal static Exception ReadField(ref WireReader reader)
    {
        var (name, message, stack, code) = ("", "", (string?)null, (int?)null);
        var causes = new List<Exception>();
        Dictionary<string, object>? data = null;
        Exception? found = null;
        reader.EnterObject();
        while (reader.NextField())
        {
            switch (reader.Id)
            {
                case TypeId:
                    name = reader.Text();
                    break;
                case MessageId:
                    message = reader.Text();
                    break;
                case StackId:
                    stack = reader.Text();
                    break;
                case CodeId:
                    code = (int)reader.Signed(int.MinValue, int.MaxValue);
                    break;
                case CauseId:
                    causes.Add(ReadField(ref reader));
                    break;
                case DataId:
                    data = FieldCodec<Dictionary<string, object>>.Read(ref reader);
                    break;
                case MembersId when KnownExceptions.Find(name) is { } type && WireTypeModel.IsMarked(type):
                    found = (Exception?)TypedCodec.OfMembers(type).ReadExact(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        reader.LeaveObject();
        var failure = Create(name, found, message, causes);
        if (code is not null)
            failure.HResult = code.Value;
        if (stack is not null)
            ExceptionDispatchInfo.SetRemoteStackTrace(failure, stack);
        foreach (var (key, value) in data ?? [])
            failure.Data[key] = value;
        return failure;
    }

    private static void WriteTo(ArrayBufferWriter<byte> bytes, Exception failure, bool hasMembers)
    {
        var writer = new WireWriter(bytes);
        writer.TypeOf(0, WireTypeNames.ExceptionNameUtf8);
        WriteField(ref writer, 0, failure, hasMembers);
        writer.Flush();
    }

    private static Exception Create(string name, Exception? found, string message, List<Exception> causes)
    {
        var cause = causes.FirstOrDefault();
        if (found is not null)
        {
            Construct(found, message, cause);
            return found;
        }
        var type = KnownExceptions.Find(name);
        if (type == typeof(AggregateException))
            return new AggregateException(message, causes);
        return (type is null ? null : TryCreate(type, message, cause))
            ?? new UnavailableExceptionFallbackException(message, cause) { ExceptionType = name };
    }

    /// <summary>Makes an exception that says what the original said; null where its class does not let it.</summary>
    private static Exception? TryCreate(Type type, string message, Exception? cause)
    {
        try
        {
            var constructor = WireTypeModel.IsMarked(type) ? null : ConstructorOf(type);
            var failure = (Exception)(constructor?.Invoke([message, cause]) ?? RuntimeHelpers.GetUninitializedObject(type));
            if (MessageOf(failure) != message)
                Construct(failure, message, cause);
            return MessageOf(failure) == message ? failure : null;
        }
        catch (TargetInvocationException)
        {
            return null;
        }
    }

    private static ConstructorInfo? ConstructorOf(Type type) =>
        type.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [typeof(string), typeof(Exception)]);

    private static IEnumerable<Exception> CausesOf(Exception failure) =>
        failure is AggregateException many ? many.InnerExceptions.Take(CauseDepthMax)
        : failure.InnerException is { } cause ? [cause]
        : [];

    /// <summary>The message as one can set it. An exception made without its constructor may fail to say what it is.</summary>
    private static string MessageOf(Exception failure)
    {
        try
        {
            return failure is AggregateException ? OwnMessage(failure) ?? "" : failure.Message;
        }
        catch (Exception broken)
        {
            return $"{failure.GetType().FullName}, whose message failed: {broken.GetType().FullName}";
        }
    }

    private static string Cut(string text) => text.Length <= TextCharsMax ? text : text[..TextCharsMax];

    /// <summary>Runs the base's constructor on an object that is there already.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = ".ctor")]
    private static extern void Construct(Exception target, string? message, Exception? cause);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? OwnMessage(Exception target);
}
